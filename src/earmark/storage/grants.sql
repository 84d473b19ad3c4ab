-- What each process may touch; applied after every migration, so that it always says the whole truth.
-- earmark_review has nothing outside `review`: a bug on the floor can't read an identity.

REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- home: owners' pages, the assistant, imports, and everything an erasure must reach.
GRANT USAGE ON SCHEMA accounts, vault, airlock, review, learn, audit, safety TO earmark_home;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA accounts, vault, airlock TO earmark_home;
GRANT SELECT, INSERT, UPDATE, DELETE ON review.tasks, review.judgements, review.labels, review.flags TO earmark_home;
GRANT SELECT ON review.hearings, review.questions, review.sites, review.consults, review.consult_answers, review.drafts
    TO earmark_home;
GRANT DELETE ON review.drafts, review.consults, review.consult_answers TO earmark_home;
GRANT SELECT, UPDATE ON learn.datasets, learn.bundles, learn.rollouts TO earmark_home;
GRANT INSERT ON learn.rollout_steps TO earmark_home;
GRANT SELECT ON learn.dataset_labels, safety.cases TO earmark_home;
GRANT SELECT, INSERT ON learn.remakes TO earmark_home;
GRANT SELECT, DELETE ON learn.runs TO earmark_home;
GRANT INSERT ON audit.inbox TO earmark_home;
GRANT SELECT ON audit.log, audit.checkpoints, audit.subtrees, audit.cosignatures, audit.wake_days, audit.reports
    TO earmark_home;

-- floor: tasks and answers, and the two narrow doors to sign in.
GRANT USAGE ON SCHEMA review TO earmark_review;
GRANT SELECT, INSERT, UPDATE ON review.tasks, review.labels, review.flags TO earmark_review;
GRANT SELECT, INSERT ON review.judgements, review.hearings, review.consult_answers, review.questions, review.doings
    TO earmark_review;
GRANT SELECT, INSERT, UPDATE ON review.sites, review.seats, review.qualifications, review.campaigns, review.alerts,
    review.refusals, review.consults TO earmark_review;
GRANT SELECT, INSERT, UPDATE, DELETE ON review.drafts TO earmark_review;
GRANT SELECT, INSERT, DELETE ON review.invitations TO earmark_review;

-- desk: safety officer, engineer, auditor, admin. It sees cases and numbers, never the vault's content.
GRANT USAGE ON SCHEMA accounts, review, safety, learn, audit, airlock TO earmark_desk;
GRANT SELECT, INSERT, UPDATE, DELETE ON accounts.sessions, accounts.sign_in_links TO earmark_desk;
GRANT SELECT, INSERT, UPDATE ON accounts.people, accounts.households TO earmark_desk;
GRANT SELECT, INSERT, UPDATE ON safety.cases TO earmark_desk;
GRANT SELECT, UPDATE ON review.tasks TO earmark_desk;
GRANT SELECT ON review.flags, review.labels, review.alerts TO earmark_desk;
GRANT UPDATE ON review.alerts TO earmark_desk;
GRANT SELECT ON review.sites TO earmark_desk;
GRANT SELECT, INSERT ON review.hearings TO earmark_desk;
GRANT SELECT ON airlock.days TO earmark_desk;
GRANT SELECT, INSERT, UPDATE ON learn.datasets, learn.bundles, learn.dataset_labels TO earmark_desk;
GRANT SELECT, INSERT, UPDATE ON learn.rollouts TO earmark_desk;
GRANT SELECT, INSERT ON learn.rollout_steps TO earmark_desk;
GRANT SELECT ON learn.remakes, learn.live_days, learn.fleet TO earmark_desk;
GRANT INSERT ON audit.inbox TO earmark_desk;
GRANT SELECT ON audit.log, audit.checkpoints, audit.subtrees, audit.cosignatures TO earmark_desk;

-- worker: turns the ring.
GRANT USAGE ON SCHEMA accounts, vault, airlock, review, safety, learn, audit TO earmark_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA accounts, vault, airlock, review, safety, learn
    TO earmark_worker;
GRANT SELECT, INSERT, DELETE ON audit.inbox TO earmark_worker;
GRANT SELECT, INSERT ON audit.log, audit.checkpoints, audit.subtrees, audit.cosignatures, audit.wake_days, audit.reports
    TO earmark_worker;

-- The floor's doors (a function of the owner's, callable by the floor alone).
GRANT EXECUTE ON FUNCTION review.redeem_link, review.whoami, review.sign_out, review.undo_answer, review.lock_out,
    review.accept_invitation, review.people_of_site, review.link_for TO earmark_review, earmark_worker;

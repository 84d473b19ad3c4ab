-- seen: what the rows say about the guarantees at this moment
SELECT EXISTS (SELECT FROM vault.interactions WHERE expires_at < %(late)s) AS late,
       (SELECT coalesce(sum(chosen) <= sum(allowed), true) FROM airlock.days) AS within,
       (SELECT count(*) FROM safety.cases WHERE decided_at IS NULL AND due_at < %(now)s) AS overdue;

-- sources: which interaction each task came from; only the demo, which knows the truth anyway, asks this
SELECT task_id, interaction_id FROM airlock.seals;

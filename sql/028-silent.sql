-- A hub that was down has heard of nobody when it is back: nodes have some
-- seconds to come before they count as silent.

UPDATE alert_rule SET threshold = 10, raise_seconds = 10
	WHERE name = 'node_silent' AND threshold = 20 AND raise_seconds = 0;

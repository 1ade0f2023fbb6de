-- What a write costs.
SELECT 1;

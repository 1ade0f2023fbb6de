-- The change feed.
SELECT 1;

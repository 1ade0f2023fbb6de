-- Connections: dialect, preset and settings of each.
SELECT 1;

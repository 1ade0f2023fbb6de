-- Nothing: what was tried to make writes cheaper here did not (decision 0016).
SELECT 1;

-- Clients, system users, refresh tokens, keys.
SELECT 1;

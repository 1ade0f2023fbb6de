-- The schemas and resource types of tenants.
SELECT 1;

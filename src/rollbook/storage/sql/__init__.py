"""Filters, sort orders and pages as SQL. Everything here makes texts; the engines run them."""

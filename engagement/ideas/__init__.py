"""Ideas of tables and of calls: cards that travel, get dots, and are grouped by a host."""

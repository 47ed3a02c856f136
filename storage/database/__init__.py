"""The database: engines, pools, transactions, the notification bus, column types, tables and migrations."""

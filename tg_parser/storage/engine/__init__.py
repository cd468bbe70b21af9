"""Access to the two backends: engines, pools, transactions, locks, migrations."""

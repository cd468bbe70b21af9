"""How the two backends are reached: engines, pools, transactions, locks, migrations."""

"""Agents: specialised workers over the stages, and the orchestrator that runs a plan of them."""

"""Many trainings and evaluations beside each other, in tables that one command makes again."""

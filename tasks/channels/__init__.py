"""The ways out of the house; each tells apart what surely was not sent, what was refused, and what nobody can know."""

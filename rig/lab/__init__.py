"""Exercises: a question, a prediction, a run, what to look for in it, an explanation, a change."""

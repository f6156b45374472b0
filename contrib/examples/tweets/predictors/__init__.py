"""Predictors that a variant brings along as its `model/predictor.py`."""

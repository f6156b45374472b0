from ci_steps.steps.fetch_model.step import FetchModel

__all__ = ["FetchModel"]

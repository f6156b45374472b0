from ci_steps.steps.plan.step import MakePlan

__all__ = ["MakePlan"]

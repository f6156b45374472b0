"""Whether the tests in a checkout are those of the commit that trained the model."""

from pathlib import Path

from ci_steps.documents import Plan
from ci_steps.model import checkout as git
from ci_steps.model.digest import Digest
from ci_steps.model.value import Value
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.model.wire import digest_of
from ci_steps.ports import Ended, Programs


class Checkout(Value, frozen=True):
    """The model's repository, as it is checked out."""

    programs: Programs
    project: Path
    """The folder of release.yaml."""

    def finding(self, plan: Plan) -> Finding:
        """Say whether it is the model's commit; what a model must show, and which is meant, may differ."""
        may_differ = self._may_differ(plan)
        head = self._git("rev-parse", "--verify", "HEAD")
        found, code = head.output.strip(), plan.manifest.code
        problem, then = self._problem(plan, head, may_differ)
        return Finding(
            check="unit-tests.commit",
            verdict=Verdict.INCONCLUSIVE if problem else Verdict.PASSED,
            observed=problem or _sameness(found, code.commit, may_differ),
            rule="the tests are those of the commit that trained the model",
            where=plan.unit_tests.where,
            next=then,
        )

    def state(self, plan: Plan) -> Digest:
        """Return what stands for all in which the checkout differs from the model's commit."""
        all_else = git.all_but(self._may_differ(plan))
        differs = self._git("diff", plan.manifest.code.commit, *all_else)
        status = self._git(*git.STATUS, *all_else)
        return digest_of([differs.code, differs.output, git.changed(status.output)])

    def _may_differ(self, plan: Plan) -> tuple[str, ...]:
        """Return what may: also evaluations made after the training, which the plan has the digest of."""
        made_later = (each.path for each in plan.evidence)
        return (*git.may_differ(self.project, plan.config, plan.pointer), *made_later)

    def _problem(self, plan: Plan, head: Ended, may_differ: tuple[str, ...]) -> tuple[str, str]:
        """Return what is wrong and what helps; both empty where nothing is."""
        code, found, all_else = plan.manifest.code, head.output.strip(), git.all_but(may_differ)
        status = self._git(*git.STATUS, *all_else)
        if not code.commit:
            where = plan.manifest.origin.address if plan.manifest.origin else "its model.yaml"
            problem = f"nobody said which commit trained the model ({where} does not)"
            return problem, "train from a git checkout, where it is noted, or write `code:` in model.yaml"
        if head.code or status.code:
            said = (head.output if head.code else status.output).strip().splitlines()
            problem = f"{self.project} is not a git checkout: {said[0] if said else 'git says nothing'}"
            return problem, f"check the model's repository out at {code.commit} and release from there"
        changes = git.changed(status.output)
        mend = f"commit or ignore {git.listed(changes)}, then publish again and release what that gives"
        if code.dirty:
            # No checkout is what trained it, also not its commit without changes.
            problem = "the model was published from a checkout with changes that no commit has"
            again = "the changes are gone or committed: publish it again, and release what that gives"
            return problem, mend if changes else again
        if found != code.commit and self._differ(code.commit, found, all_else):
            problem = f"the checkout is at {found[:12]}, the model was trained at {code.commit[:12]}"
            return problem, f"check out {code.commit}, or train and publish again at {found[:12]}"
        if changes:
            return f"the checkout has changes that no commit has: {git.listed(changes)}", mend
        return "", ""

    def _differ(self, trained: str, found: str, paths: tuple[str, ...]) -> bool:
        """Whether anything of ``paths`` is not the same at two commits; where git cannot tell, it is."""
        seen = self._git("diff", "--name-only", trained, found, *paths)
        return seen.code != 0 or bool(seen.output.strip())

    def _git(self, *arguments: str) -> Ended:
        return self.programs.run(["git", *arguments], cwd=self.project, env=git.ENVIRON, timeout=60)


def _sameness(found: str, trained: str, may_differ: tuple[str, ...]) -> str:
    if found == trained:
        return f"the checkout is at {found[:12]}, without changes"
    alone = git.listed(may_differ)
    return f"the checkout is at {found[:12]}, which differs from {trained[:12]} in {alone} alone"

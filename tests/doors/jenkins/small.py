"""Small Jenkinsfiles for the tests of the harness itself."""

from tests.doors.jenkins.build import Build

TWO_STAGES = """
    pipeline {{
        agent any
        {top}
        stages {{
            stage('one') {{
                steps {{
                    {one}
                }}
            }}
            stage('two') {{
                steps {{
                    echo 'two runs'
                }}
            }}
        }}
        post {{
            {post}
        }}
    }}
"""


def two_stages(one: str, *, post: str = "always { echo 'over' }", top: str = "") -> str:
    """Give a pipeline whose first stage does ``one``."""
    return TWO_STAGES.format(one=one, post=post, top=top)


def told(build: Build) -> list[str]:
    """Name the post conditions that ran, in their order."""
    return [line.removeprefix("told ") for line in build.log.splitlines() if line.startswith("told ")]

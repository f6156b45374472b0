"""What a build knows: its parameters, its agent, its credentials, and nothing of who runs these tests."""

import os

import pytest

from tests.doors.jenkins.build import Login
from tests.doors.jenkins.conftest import Job
from tests.doors.jenkins.small import two_stages

PARAMETERS = """
    pipeline {
        agent any
        parameters {
            string(name: 'MODEL', defaultValue: 'tweets:candidate')
            choice(name: 'WHERE', choices: ['staging', 'production'])
        }
        environment {
            SAID = "${params.MODEL}"
        }
        stages {
            stage('one') {
                steps {
                    sh 'echo "MODEL=$MODEL SAID=$SAID WHERE=$WHERE"'
                }
            }
        }
    }
"""


def test_on_a_first_build_parameters_are_no_variables_of_the_shell_unless_environment_sets_them(
    job: Job,
) -> None:
    jenkins = job(PARAMETERS)

    first, second = jenkins.build(None), jenkins.build({"MODEL": "tweets:v2", "WHERE": "production"})

    assert "\nMODEL= SAID=tweets:candidate WHERE=\n" in first.log
    assert "\nMODEL=tweets:v2 SAID=tweets:v2 WHERE=production\n" in second.log


def test_a_parameter_or_choice_that_the_job_does_not_have_cannot_be_given(job: Job) -> None:
    jenkins = job(PARAMETERS)

    unknown, elsewhere = jenkins.build({"MODLE": "x"}), jenkins.build({"WHERE": "laptop"})

    assert unknown.errors[0].endswith(": the job has no parameter MODLE")
    assert elsewhere.errors[0].endswith(": laptop is not a choice of WHERE")


def test_nothing_of_this_process_reaches_a_build(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the tests")

    build = job(two_stages("sh 'env'")).build({})

    assert "AWS_SECRET_ACCESS_KEY" not in build.log
    assert f"HOME={os.environ['HOME']}" not in build.log


def test_without_an_agent_there_is_no_workspace_and_no_step_that_needs_one(job: Job) -> None:
    text = two_stages("{one}", top="{top}").replace("agent any", "agent none")
    jenkins = job(text.replace("{one}", "sh 'true'").replace("{top}", ""))
    lone = jenkins.build({})
    jenkins.jenkinsfile.write_text(
        text.replace("{one}", "echo 'x'").replace("{top}", 'environment {\n PATH = "${WORKSPACE}/bin"\n}')
    )
    named = jenkins.build({})

    assert "requires a node context" in lone.errors[0]
    assert "No such property: WORKSPACE" in named.errors[0]


def test_what_a_script_sets_in_env_is_there_in_the_stages_behind(job: Job) -> None:
    text = two_stages("script {\n env.WHO = 'me'\n }").replace("echo 'two runs'", "sh 'echo \"it is $WHO\"'")

    assert "\nit is me\n" in job(text).build({}).log


CREDENTIALS = """
    pipeline {
        agent any
        stages {
            stage('bound') {
                steps {
                    withCredentials([
                        string(credentialsId: 'token', variable: 'TOKEN'),
                        usernamePassword(credentialsId: 's', usernameVariable: 'ID', passwordVariable: 'KEY')
                    ]) {
                        sh 'echo "$TOKEN $ID $KEY" | tee seen'
                    }
                }
            }
            stage('free') {
                steps {
                    sh 'echo "here [$TOKEN] [$ID] [$KEY]"'
                }
            }
        }
    }
"""


def test_credentials_are_bound_and_masked_in_their_block_and_empty_outside(job: Job) -> None:
    held = {"token": '{"auths": "it\'s"}', "s": Login("me", "s3cret")}
    jenkins = job(CREDENTIALS, credentials=held)

    build = jenkins.build({})

    assert build.result == "SUCCESS"
    assert (jenkins.workspace / "seen").read_text() == '{"auths": "it\'s"} me s3cret\n'
    assert "\n**** me ****\n" in build.log
    assert "\nhere [] [] []\n" in build.log
    assert "s3cret" not in build.log
    assert "auths" not in build.log


def test_credentials_that_are_missing_or_of_another_kind_fail_the_build(job: Job) -> None:
    jenkins = job(CREDENTIALS, credentials={"token": Login("me", "x")})

    build = jenkins.build({})

    assert build.ended == {"bound": "FAILURE", "free": "SKIPPED"}
    assert "is of type 'usernamePassword' where 'string' was expected" in build.errors[0]

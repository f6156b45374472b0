"""Results, post conditions and what they keep: as Jenkins does it."""

from dataclasses import replace

from tests.doors.jenkins.conftest import Job
from tests.doors.jenkins.small import told, two_stages

NAMES = ("cleanup", "unsuccessful", "unstable", "success", "failure", "aborted")
TOLD = "\n".join(
    f"{name} {{\n echo 'told {name}'\n}}" for name in (*NAMES, "regression", "fixed", "changed", "always")
)


def test_post_conditions_run_in_the_order_of_jenkins_wherever_they_stand(job: Job) -> None:
    jenkins = job(two_stages("sh 'exit $CODE'", post=TOLD, top="parameters { string(name: 'CODE') }"))

    built = [jenkins.build({"CODE": code}) for code in "0440"]

    assert [one.result for one in built] == ["SUCCESS", "FAILURE", "FAILURE", "SUCCESS"]
    assert [told(one) for one in built] == [
        ["always", "success", "cleanup"],
        ["always", "changed", "regression", "failure", "unsuccessful", "cleanup"],
        ["always", "failure", "unsuccessful", "cleanup"],
        ["always", "changed", "fixed", "success", "cleanup"],
    ]


def test_a_program_that_fails_ends_its_stage_and_skips_the_next(job: Job) -> None:
    build = job(two_stages("sh 'echo before; (exit 4); echo after'")).build({})

    assert build.result == "FAILURE"
    assert build.ended == {"one": "FAILURE", "two": "SKIPPED"}
    assert build.exits == {"one": 4}
    assert "Jenkinsfile:8: script returned exit code 4" in build.errors
    assert "\nbefore\n" in build.log
    assert "\nafter\n" not in build.log
    assert "two runs" not in build.log


def test_junit_without_files_ends_its_own_post_block_and_no_other(job: Job) -> None:
    strict, lenient = "junit 'none.xml'", "junit allowEmptyResults: true, testResults: 'none.xml'"
    post = "always {{\n {0}\n echo 'told behind'\n}}\n cleanup {{\n echo 'told cleanup'\n}}"

    jenkins = job(two_stages("sh 'true'", post=post.format(strict)))
    failed = jenkins.build({})

    assert failed.result == "FAILURE"
    assert told(failed) == ["cleanup"]
    assert any("No test report files were found" in error for error in failed.errors)

    mended = replace(jenkins, jenkinsfile=jenkins.jenkinsfile.with_name("mended"))
    mended.jenkinsfile.write_text(two_stages("sh 'true'", post=post.format(lenient)))
    passed = mended.build({})

    assert passed.result == "SUCCESS"
    assert told(passed) == ["behind", "cleanup"]


def test_a_failed_test_case_makes_a_build_unstable_and_an_unreadable_file_is_one(job: Job) -> None:
    good = "<testsuites><testsuite><testcase/><testcase><skipped/></testcase></testsuite></testsuites>"
    bad = "<testsuite><testcase><failure/></testcase><testcase><error/></testcase></testsuite>"
    jenkins = job(two_stages("junit '*.xml'"))
    for name, content in {"good": good, "bad": bad, "broken": "<testsuite"}.items():
        (jenkins.workspace / f"{name}.xml").write_text(content)

    build = jenkins.build({})

    assert build.result == "UNSTABLE"
    assert build.ended == {"one": "UNSTABLE", "two": "UNSTABLE"}
    assert build.junit == {"suites": 2, "tests": 5, "failures": 2, "errors": 1, "skipped": 1}


def test_cleanws_and_archive_take_what_their_patterns_say(job: Job) -> None:
    text = two_stages(
        """
        archiveArtifacts artifacts: '.run/**', excludes: '.run/model/**, .run/.lock'
        cleanWs deleteDirs: true, patterns: [
            [pattern: '.run/model/**', type: 'INCLUDE'], [pattern: '.run/*.txt', type: 'INCLUDE']
        ]
        """
    )
    jenkins = job(text)
    for name in (
        ".run/plan.json",
        ".run/.lock",
        ".run/a.txt",
        ".run/model/x/y.bin",
        ".run/load/z.log",
        "kept.txt",
    ):
        (jenkins.workspace / name).parent.mkdir(parents=True, exist_ok=True)
        (jenkins.workspace / name).write_text(name)

    build = jenkins.build({})

    assert build.archived == {".run/plan.json", ".run/a.txt", ".run/load/z.log"}
    left = {
        str(path.relative_to(jenkins.workspace)) for path in jenkins.workspace.rglob("*") if path.is_file()
    }
    assert left == {".run/plan.json", ".run/.lock", ".run/load/z.log", "kept.txt"}
    assert not (jenkins.workspace / ".run/model").exists()


def test_archiving_nothing_fails_unless_it_is_allowed(job: Job) -> None:
    build = job(two_stages("archiveArtifacts 'none/*'")).build({})

    assert "No artifacts found that match" in build.errors[0]


def test_nothing_runs_of_a_jenkinsfile_that_is_not_sound(job: Job) -> None:
    jenkins = job(two_stages("sh 'touch ran'", post="failed {\n echo 'x'\n}"))

    build = jenkins.build({})

    assert (build.result, build.stages) == ("FAILURE", ())
    assert not (jenkins.workspace / "ran").exists()


def test_a_file_goes_from_one_agent_to_the_next_by_stash(job: Job) -> None:
    text = two_stages(
        "sh 'echo x >a; echo y >b'\n stash name: 'kept', includes: 'a'\n deleteDir()\n unstash 'kept'"
    )
    jenkins = job(text)

    build = jenkins.build({})

    assert build.result == "SUCCESS"
    assert [path.name for path in jenkins.workspace.iterdir()] == ["a"]

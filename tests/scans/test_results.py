from tests.scans.results import page, written


def test_the_page_says_what_the_tests_find() -> None:
    assert written() == page()

from ci_steps import kit


def test_the_kit_knows_where_its_parts_lie() -> None:
    assert (kit.serving() / "__main__.py").is_file()
    assert (kit.serving() / "requirements.lock").is_file()
    assert kit.schemas().is_dir()
    assert kit.pytest_lock().is_file()

"""A scene with the logics of the modules that results need, and an input in it."""

import fake_result
import pytest
from scene_examples import module_session


@pytest.fixture
def session():
    with module_session() as session:
        yield session


@pytest.fixture
def source(session):
    return fake_result.add_source()

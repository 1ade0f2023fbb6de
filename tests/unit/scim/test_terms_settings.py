"""The settings of a connection: read, checked, put over a preset."""

import pytest

from rollbook.scim.limits import Limits
from rollbook.scim.presets import PRESETS, InvalidPreset, check_preset
from rollbook.scim.terms_settings import SETTINGS, InvalidSetting, changed_settings, terms, written


def test_a_preset_without_settings_is_the_preset() -> None:
    for name, preset in PRESETS.items():
        assert terms(name, {}) is preset


def test_terms_are_made_once_for_each_preset_and_settings() -> None:
    assert terms("okta", {"rate": 2.5}) is terms("okta", {"rate": 2.5})
    assert terms("okta", {"rate": 2.5}) is not terms("entra", {"rate": 2.5})


def test_each_setting_changes_its_term_and_nothing_else() -> None:
    given = {
        "unknown": "ignore",
        "delete": "deactivate",
        "reactivate": "on",
        "put_active": "clear",
        "patch_answer": "empty",
        "remove_all_members": "off",
        "ignore_groups": "on",
        "require_if_match": "yes",
        "store_passwords": "on",
        "page_size": "7",
        "max_page": "70",
        "rate": "0.5",
        "burst": "3",
        "subject": "ann",
    }
    settings = changed_settings({}, given)
    assert settings.keys() == SETTINGS.keys()
    made = terms("standard", settings)
    assert (made.tolerances.unknown, made.delete, made.reactivate, made.put_active) == (
        "drop",
        "deactivate",
        True,
        "clear",
    )
    assert (made.patch_answer, made.remove_all_members, made.require_if_match) == ("empty", False, True)
    assert made.store_passwords
    assert made.tolerances.ignore_groups
    assert (made.page_size, made.max_page, made.rate, made.burst, made.subject) == (7, 70, 0.5, 3, "ann")
    for name, value in settings.items():
        assert SETTINGS[name].read(written(value)) == value


@pytest.mark.parametrize(
    ("name", "text", "hint"),
    [
        ("page_siez", "50", "did you mean page_size?"),
        ("frobnicate", "1", "choose of unknown, delete"),
        ("delete", "deactivated", "did you mean deactivate?"),
        ("delete", "Delete", "delete or deactivate"),
        ("reactivate", "perhaps", "on or off"),
        ("page_size", "many", "a whole number from 1"),
        ("page_size", "0", "a whole number from 1"),
        ("page_size", "100001", "to 100000"),
        ("page_size", "1.5", "a whole number"),
        ("page_size", "\u0661", "a whole number"),
        ("rate", "nan", "a number from 0.01"),
        ("rate", "inf", "a number from 0.01"),
        ("rate", "-1", "a number from 0.01"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_would_be_right(name: str, text: str, hint: str) -> None:
    with pytest.raises(InvalidSetting) as refusal:
        changed_settings({"page_size": 5}, {name: text})
    assert hint in refusal.value.detail


def test_a_wrong_preset_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidPreset, match=r"did you mean onelogin\?"):
        check_preset("OneLogn")


def test_what_a_later_release_wrote_is_not_followed() -> None:
    assert terms("standard", {"not_yet": 1}).delete == "delete"
    assert terms("not-yet", {}) is PRESETS["standard"]


@pytest.mark.parametrize(
    ("settings", "pages"),
    [
        ({}, (100, 1000)),
        ({"page_size": 50}, (50, 1000)),
        ({"max_page": 20}, (20, 20)),
        ({"max_page": 5000, "page_size": 4000}, (1000, 1000)),
        ({"max_page": 200, "page_size": 300}, (200, 200)),
    ],
)
def test_pages_stay_within_what_the_server_has(settings: dict[str, int], pages: tuple[int, int]) -> None:
    limits = terms("standard", settings).limits(Limits())
    assert (limits.default_page, limits.max_page) == pages


def test_only_strict_tolerates_nothing_and_only_okta_reactivates() -> None:
    assert [name for name, preset in PRESETS.items() if preset.reactivate] == ["okta"]
    assert [name for name, preset in PRESETS.items() if not preset.tolerances.boolean_text] == ["strict"]
    assert {name for name, preset in PRESETS.items() if preset.tolerances.unknown == "refuse"} == {"standard", "strict"}

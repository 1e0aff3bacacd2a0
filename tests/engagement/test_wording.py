"""Texts to look at twice are flagged; the words of housing are not."""

import pytest

from engagement.wording import flags


@pytest.mark.parametrize(
    "text",
    [
        "Rappelez-moi au 06 12 34 56 78",
        "mon numéro : 06.12.34.56.78.",
        "+33 6 12 34 56 78 merci",
        "0033612345678",
        "Écrivez à jeanne.martin+labo@example.fr svp",
    ],
)
def test_telephone_numbers_and_addresses_are_flagged(text: str) -> None:
    assert flags(text) == ("personal",)


@pytest.mark.parametrize(
    "text",
    ["Quel connard", "c’est une bande d’ENCULÉS", "c o n n a r d !", "sal0pe", "Va te faire voir"],
)
def test_insults_are_flagged_however_they_are_spelt(text: str) -> None:
    assert flags(text) == ("words",)


@pytest.mark.parametrize(
    "text",
    [
        "Le bitume du parking, les assises et la pédale du vélo",
        "Une folle envie de concourir : le concours des conseils de concertation",
        "Rue de la Folle-Avoine, 69003, lot 12, depuis 1975 et 2 000 logements",
        "Les tapettes à souris, qui les pose ?",
        "Ma facture de 1 234,56 € du 06/12/2025",
        "",
    ],
)
def test_words_of_housing_are_not_flagged(text: str) -> None:
    assert flags(text) == ()

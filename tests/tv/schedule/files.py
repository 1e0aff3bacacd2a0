"""The same two days as each of the formats has them, as a conference's tools would write them."""

import json
from typing import Any

PLENARY = "8079583e-8321-506c-95af-fd2903a5f075"
HERS = "2d64f8e2-26ee-529f-b5ab-3b3f326e31b9"


def talk(**said: Any) -> dict[str, Any]:
    return {
        "id": 25,
        "guid": PLENARY,
        "logo": None,
        "date": "2026-11-26T09:00:00+01:00",
        "start": "09:00",
        "duration": "00:45",
        "room": "Plateau",
        "slug": "fabrique-25-ouverture",
        "url": "https://exemple.fr/ouverture/",
        "title": "Ouverture : loger mieux",
        "subtitle": "",
        "track": "Plénières",
        "type": "Conférence",
        "language": "fr",
        "abstract": "Pourquoi nous sommes là.\n\nEt ce que nous ferons demain.",
        "description": "Longue présentation.",
        "recording_license": "CC BY",
        "do_not_record": False,
        "persons": [
            {"id": 7, "code": "NQTF8Y", "public_name": "Anne Morel", "biography": "Architecte."}
        ],
        "links": [],
        "attachments": [],
        "answers": [],
        **said,
    }


def frab(*talks: dict[str, Any], **conference: Any) -> bytes:
    """A file of one day, its talks in the rooms that they name."""
    rooms: dict[str, list[Any]] = {}
    for each in talks or (talk(), hers()):
        named = each.get("room")
        rooms.setdefault(named if isinstance(named, str) else "", []).append(each)
    day = {
        "index": 1,
        "date": "2026-11-26",
        "day_start": "2026-11-26T04:00:00+01:00",
        "day_end": "2026-11-27T03:59:00+01:00",
        "rooms": rooms,
    }
    about = {
        "acronym": "fabrique",
        "title": "La Fabrique",
        "start": "2026-11-26",
        "end": "2026-11-26",
        "daysCount": 1,
        "timeslot_duration": "00:05",
        "time_zone_name": "Europe/Paris",
        "colors": {"primary": "#0a6e4f"},
        "rooms": [{"name": "Plateau", "guid": "b379c473-93b9-4eae-9a09-d482e86cede3"}],
        **conference,
        "days": [day],
    }
    whole = {"version": "v1.1", "base_url": "https://exemple.fr/", "conference": about}
    return json.dumps({"schedule": whole}, ensure_ascii=False).encode()


def hers(**said: Any) -> dict[str, Any]:
    return talk(
        **{
            "id": 26,
            "guid": HERS,
            "date": "2026-11-26T10:00:00+01:00",
            "start": "10:00",
            "room": "Labo 1",
            "title": "Quitter son logement",
            "type": "Restitution",
            "do_not_record": True,
            "persons": [{"id": 8, "public_name": "Inès Diallo"}, {"id": 9, "name": "Paul Roy"}],
            **said,
        }
    )


XML = f"""<?xml version='1.0' encoding='utf-8'?>
<schedule>
  <generator name="outil" version="1.0"/>
  <version>v1.1</version>
  <conference>
    <acronym>fabrique</acronym><title>La Fabrique</title>
    <start>2026-11-26</start><end>2026-11-26</end><days>1</days>
    <timeslot_duration>00:05</timeslot_duration>
    <time_zone_name>Europe/Paris</time_zone_name>
  </conference>
  <day index='1' date='2026-11-26' end='2026-11-27T03:59:00+01:00'>
    <room name='Plateau'>
      <event guid='{PLENARY}' id='25' code='G9JGWY'>
        <room>Plateau</room><title>Ouverture : loger mieux</title><subtitle></subtitle>
        <type>Conférence</type><date>2026-11-26T09:00:00+01:00</date><start>09:00</start>
        <duration>00:45</duration>
        <abstract>Pourquoi nous sommes là.

Et ce que nous ferons demain.</abstract>
        <slug>fabrique-25-ouverture</slug><track>Plénières</track><language>fr</language>
        <persons><person id='7'>Anne Morel</person></persons>
        <recording><license>CC BY</license><optout>false</optout></recording>
        <links><link href='https://exemple.fr/a'>Affiche</link></links>
      </event>
    </room>
    <room name='Labo 1'>
      <event guid='{HERS}' id='26'>
        <room>Labo 1</room><title>Quitter son logement</title><type>Restitution</type>
        <date>2026-11-26T10:00:00+01:00</date><start>10:00</start><duration>00:45</duration>
        <abstract></abstract><language>fr</language>
        <persons><person id='8'>Inès Diallo</person><person id='9'>Paul Roy</person></persons>
        <recording><license/><optout>true</optout></recording>
      </event>
    </room>
  </day>
</schedule>
""".encode()

ICAL = f"""BEGIN:VCALENDAR\r
VERSION:2.0\r
X-WR-CALNAME:La Fabrique\r
X-WR-TIMEZONE:Europe/Paris\r
BEGIN:VTIMEZONE\r
TZID:Europe/Paris\r
BEGIN:STANDARD\r
DTSTART:19701025T030000\r
END:STANDARD\r
END:VTIMEZONE\r
BEGIN:VEVENT\r
UID:{PLENARY}\r
DTSTART;TZID=Europe/Paris:20261126T090000\r
DTEND;TZID=Europe/Paris:20261126T094500\r
SUMMARY:Ouverture : loger\r
  mieux\r
LOCATION:Plateau\r
DESCRIPTION:Pourquoi nous sommes là.\\n\\nEt ce que nous ferons demain.\r
CATEGORIES:Plénières\r
GEO:48.85;2.35\r
BEGIN:VALARM\r
SUMMARY:Bientôt\r
END:VALARM\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:{HERS}\r
DTSTART:20261126T090000Z\r
DURATION:PT45M\r
SUMMARY:Quitter son logement\r
LOCATION:Labo 1\r
STATUS:CANCELLED\r
ATTENDEE;CN="Inès Diallo":mailto:a@exemple.fr\r
END:VEVENT\r
END:VCALENDAR\r
""".encode()

CSV = f"""\
Identifiant;Titre;Jour;Début;Fin;Salle;Intervenants;Type;Ne pas enregistrer;Traiteur
{PLENARY};Ouverture : loger mieux;26/11/2026;9h;9h45;Plateau;Anne Morel;Conférence;;non
{HERS};Quitter son logement;26/11/2026;10:00;10:45;Labo 1;"Inès Diallo, Paul Roy";Restitution;oui;

;Déjeuner;26/11/2026;12 h 15;13h30;;;;;Chez Léa
"""

"""Invented names. Any likeness to real people or organisations is chance."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _words(
    """
    Aaron Abena Ada Adriana Agnès Ahmet Aiko Aino Alana Albert Aleksander Alice
    Amara Amélie Ana Anders Andrea Anika Anjali Anton Arash Ariel Arjun Astrid
    Asuka Ayşe Beatriz Ben Bianca Bilal Birgit Björn Bruno Camille Carlos Carmen
    Chiara Chidi Chloé Clara Dagmar Daniel Daria David Deepa Diego Dina Dirk
    Divya Dmitri Dora Eduardo Eleni Elif Elise Emeka Emil Emma Enzo Erik Esra
    Eva Fabian Farah Fatima Felix Femi Finn Fiona Florian Franz Freya Gabriel
    Georg Giulia Gloria Greta Grace Gustav Hana Hannah Hans Haruto Hassan Hedda
    Helena Henrik Hiroshi Hugo Ibrahim Ida Ilse Imani Ines Ingrid Irina Isaac
    Ivan Jakob Jamal Jana Jasmin Jens João Jonas Josefa Joy Julia Kaan Kai
    Kamila Karim Karin Kateryna Kavya Kenji Klara Kofi Kwame Lars Laura Lea
    Leila Lena Leon Liam Lin Linnea Lorenzo Louis Lucia Łukasz Maja Malik Manuel
    Mara Marco Maria Marlene Mateo Matilda Mehmet Mei Mia Mika Milan Mina Mira
    Mohammed Nadia Naomi Neha Nia Niklas Nils Nina Noah Noor Nuria Olga Oluwaseun
    Omar Oscar Otto Paolo Paul Pedro Petra Philipp Pia Priya Quentin Rahul Ralf
    Ramona Ravi Rebecca Rita Robin Rohan Rosa Rüya Saanvi Sabine Salma Samuel
    Sandra Sanjay Sara Sebastian Selin Shreya Sigrid Silvia Simon Sofia Søren
    Stefan Sunita Svea Tamar Tariq Tereza Theo Thomas Tilda Timur Tobias Tomoko
    Uma Ursula Valentina Vera Viktor Vikram Wanda Wei Willem Xenia Yara Yasmin
    Yuki Yusuf Zara Zeynep Zoë Zuzana
    """
)

LAST_NAMES = _words(
    """
    Abadi Achterberg Adeyemi Ahlgren Akhtar Albrecht Almeida Amsel Andersson
    Aoki Arslan Asante Bachmann Balogun Banerjee Barros Baumann Becker Bellini
    Berger Bernard Bhatt Blomqvist Boateng Bondarenko Borges Brandt Brenner
    Bruun Calder Campos Carvalho Castell Chandra Chaudhary Conti Costa Dahl
    Danjuma Delacroix Demir Desai Dietrich Dlamini Dubois Duarte Eberhardt
    Eklund Elling Engel Eriksen Esposito Faber Falk Farsi Fechner Fernandes
    Ferraro Fiedler Fischer Fontaine Forsberg Franke Friis Fujimoto Gallo
    Garland Gebhardt Gerber Ghosh Girard Gomes Graf Greco Grimaldi Gupta Haas
    Haddad Hagen Halvorsen Hartmann Hashimoto Hauser Heller Herrera Hidaka
    Hofmann Holm Horvath Huber Ibarra Inoue Iqbal Ito Iyer Jansen Jensen Joshi
    Jung Kaiser Kaplan Karlsson Kaya Keller Kessler Khoury Kimura Kirchner
    Klein Kobayashi Koch Kowalski Kraft Krüger Kulkarni Lambert Larsen Laurent
    Lehmann Lemaire Lindqvist Lombardi Lopes Lorenz Lund Macedo Maier Malhotra
    Marchetti Marino Martins Mbeki Mehta Mendes Mertens Meyer Mishra Moreau
    Moretti Mukherjee Müller Murata Naidoo Nakamura Narayan Nery Neumann Nguyen
    Nielsen Nilsson Novak Nowak Nwosu Oberg Ochieng Okafor Okoye Olsen Onyango
    Orlov Osei Otieno Özdemir Palm Park Patel Pavlova Pereira Petersen Pfeiffer
    Pillai Popescu Quist Rademacher Ramos Rao Rasmussen Reddy Reinhardt Ribeiro
    Richter Rinaldi Rojas Romano Roth Sahin Saito Salvatore Santos Sato Sauer
    Schäfer Scholz Schreiber Schulze Seidel Sharma Shimizu Silva Simonsen Singh
    Sommer Sørensen Stein Strand Suzuki Svensson Takeda Tanaka Tavares Thoma
    Traoré Umarov Utomo Valente Varga Vasquez Verma Vidal Vogel Voss Wagner
    Walther Weiss Wendt Werner Winkler Wolf Yamada Yoshida Zhang Ziegler
    Zimmer
    """
)


class Department(NamedTuple):
    """A department, its teams and what people there do."""

    name: str
    teams: tuple[str, ...]
    roles: tuple[str, ...]


def _department(name: str, teams: str, roles: str) -> Department:
    return Department(name, tuple(teams.split(", ")), tuple(roles.split(", ")))


DEPARTMENTS = (
    _department(
        "Platform Engineering",
        "Build and Release, Compute, Developer Portal, Edge Network, Identity, "
        "Kubernetes, Messaging, Observability, Runtime, Service Mesh, Storage, "
        "Tooling, Toolchains, Traffic",
        "Software engineer, Senior engineer, Staff engineer, Site reliability engineer",
    ),
    _department(
        "Product Engineering",
        "Accounts, Billing, Catalogue, Checkout, Collaboration, Editor, Growth, "
        "Import and Export, Mobile Android, Mobile iOS, Notifications, Onboarding, "
        "Search, Settings, Web Client, Workflows",
        "Software engineer, Senior engineer, Frontend engineer, Engineering manager",
    ),
    _department(
        "Data and Research",
        "Analytics, Applied Research, Data Platform, Experimentation, Forecasting, "
        "Language, Metrics Layer, Model Quality, Pipelines, Ranking, Recommendations, "
        "Vision",
        "Data scientist, Data engineer, Research engineer, Analyst",
    ),
    _department(
        "Security",
        "Application Security, Cloud Security, Cryptography, Detection, "
        "Incident Response, Privacy Engineering, Red Team, Trust",
        "Security engineer, Senior engineer, Analyst",
    ),
    _department(
        "Quality",
        "Automation, Client Tests, Load and Chaos, Release Tests, Test Data, "
        "Test Infrastructure, Usability",
        "Test engineer, Senior engineer, Automation engineer",
    ),
    _department(
        "Customer Engineering",
        "Americas, Central Europe, Integrations, Migration, Nordics, Partner, "
        "South Asia, Solutions, Support Tools",
        "Solutions engineer, Support engineer, Integration engineer",
    ),
    _department(
        "Finance and Operations",
        "Business Systems, Controlling, Facilities Systems, Procurement, Reporting, "
        "Revenue Systems, Treasury",
        "Business analyst, Systems engineer, Controller",
    ),
    _department(
        "Design and Content",
        "Brand, Content Design, Design Systems, Documentation, Product Design, "
        "Prototyping, Research Operations",
        "Designer, Technical writer, Design engineer",
    ),
    _department(
        "Embedded Systems",
        "Boot and Firmware, Connectivity, Device Lab, Drivers, Power, Sensors, "
        "Simulation, Toolkits",
        "Embedded engineer, Firmware engineer, Hardware engineer",
    ),
    _department(
        "People and Legal",
        "Contracts, Learning, Licensing, People Systems, Recruiting, Works Council",
        "Analyst, Counsel, Programme manager",
    ),
)

DIVISIONS = _words("Cloud Devices Media Payments Maps Health Games Messaging")
"""Of organisations so large that each department comes several times."""

SERVICES = (
    ("ci-builds", "CI builds"),
    ("dependency-updates", "Dependency updates"),
    ("review-bot", "Review bot"),
    ("nightly-refactor", "Nightly refactoring"),
    ("docs-refresh", "Documentation refresh"),
    ("triage-bot", "Issue triage"),
    ("release-notes", "Release notes"),
    ("flaky-tests", "Flaky test repair"),
    ("localisation", "Localisation"),
    ("security-scan", "Security scan"),
)

_WITHOUT_DECOMPOSITION = str.maketrans(
    {"ø": "o", "ł": "l", "ß": "ss", "đ": "d", "æ": "ae"},
)


def mailbox(first: str, last: str) -> str:
    """Return the local part of an address in plain ASCII."""
    plain = f"{first}.{last}".lower().translate(_WITHOUT_DECOMPOSITION)
    decomposed = unicodedata.normalize("NFKD", plain)
    return decomposed.encode("ascii", "ignore").decode()

"""Public holidays by country and region; the only importer of ``holidays``.

The library is imported when the first calendar that names a country is used: it costs 0.1 s.
"""

from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from functools import lru_cache


@lru_cache(maxsize=1024)
def days(country: str, region: str, year: int) -> Mapping[date, str]:
    """Return the public holidays of one year with their names, substitute days included.

    ``country`` is an ISO 3166-1 code (``GB``), ``region`` a subdivision's (``ENG``), empty for
    the whole country.
    """
    import holidays  # noqa: PLC0415 - see above

    found = holidays.country_holidays(country, subdiv=region or None, years=[year])
    return dict(found.items())


def problem_with(country: str, region: str) -> str | None:
    """Return why this country or region cannot be used, in plain words; None when it can."""
    import holidays  # noqa: PLC0415 - see above

    regions = holidays.list_supported_countries(include_aliases=True).get(country)
    if regions is None:
        return (
            f"no public holidays are known for the country {country!r}: "
            "write its ISO 3166 code in capitals, such as GB or DE"
        )
    if region and region not in regions:
        near = get_close_matches(region, regions, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(regions) or 'none'}"
        return f"{country} has no region {region!r}: {hint}"
    return None

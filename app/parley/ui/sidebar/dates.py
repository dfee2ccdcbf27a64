"""How the list of chats speaks of time: the group a chat stands in, and the few characters at its right."""

from datetime import date, datetime, timedelta

from PySide6.QtCore import QCoreApplication, QDate, QDateTime, QLocale, QTime

from parley.store import NETWORK, PINNED

WEEK, MONTH = 7, 30


class Groups:
    """Names the group of each conversation of a list. Quick where they come newest first, as lists do."""

    def __init__(self, today: date) -> None:
        self._today = today
        self._name = ""
        self._begins = self._ends = 0.0

    def of(self, shelf: int, moment: float) -> tuple[str, float]:
        """Return the heading under which a conversation stands, and the least moment that stands there too."""
        if shelf == PINNED:
            return QCoreApplication.translate("Dates", "Pinned"), float("-inf")
        if shelf == NETWORK:
            return QCoreApplication.translate("Dates", "Network"), float("-inf")
        if not self._begins <= moment < self._ends:
            self._find(moment)
        return self._name, self._begins

    def _find(self, moment: float) -> None:
        """Take the group of a moment, and when it begins and ends."""
        day, today = _day(moment), self._today
        tomorrow, month = today + timedelta(days=1), day.replace(day=1)
        steps = (
            (0, QCoreApplication.translate("Dates", "Today")),
            (1, QCoreApplication.translate("Dates", "Yesterday")),
            (WEEK, QCoreApplication.translate("Dates", "Previous 7 days")),
            (MONTH, QCoreApplication.translate("Dates", "Previous 30 days")),
        )
        ends = tomorrow
        for age, name in steps:
            begins = today - timedelta(days=age)
            if day >= begins:
                self._name, self._begins = name, _start(begins)
                self._ends = float("inf") if age == 0 else _start(ends)
                return
            ends = begins
        following = (month + timedelta(days=31)).replace(day=1)
        self._name, self._begins, self._ends = _month(month, today), _start(month), _start(min(ends, following))


def short_time(seconds: float, today: date) -> str:
    """Return a time in a few characters: the hour of today and yesterday, the weekday of this week, else the date."""
    locale = QLocale()
    moment = datetime.fromtimestamp(seconds).astimezone()
    age = (today - moment.date()).days
    if age <= 1:
        return locale.toString(QTime(moment.hour, moment.minute), QLocale.FormatType.ShortFormat)
    day = QDate(moment.year, moment.month, moment.day)
    if age < WEEK:
        return locale.standaloneDayName(day.dayOfWeek(), QLocale.FormatType.ShortFormat)
    return locale.toString(day, "d MMM")


def long_time(seconds: float) -> str:
    """Return a time in full, for tooltips and screen readers."""
    return QLocale().toString(QDateTime.fromSecsSinceEpoch(int(seconds)), QLocale.FormatType.LongFormat)


def milliseconds_to_midnight(now: datetime) -> int:
    """Return how long today lasts: then every group has to be looked at again."""
    tomorrow = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), now.tzinfo)
    return int((tomorrow - now).total_seconds() * 1000) + 1000


def _month(day: date, today: date) -> str:
    name = QLocale().standaloneMonthName(day.month)
    name = name[:1].upper() + name[1:]
    return name if day.year == today.year else f"{name} {day.year}"


def _start(day: date) -> float:
    return datetime.combine(day, datetime.min.time()).astimezone().timestamp()


def _day(seconds: float) -> date:
    return datetime.fromtimestamp(seconds).astimezone().date()

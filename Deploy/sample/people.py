"""The shop's customers: names, numbers and mailboxes of people who do not exist.

Numbers are made up and nothing is sent to them (the providers of this demonstration are sandboxes); mail domains end in .example,
which nobody can register (RFC 2606). What the sandboxes do with some of them is in providers.yaml.
"""

from dataclasses import dataclass

CHINESE = (
    "陈 林 黄 张 李 王 吴 刘 蔡 杨 徐 周 孙 胡 朱 高 何 郭 马 罗".split(),
    "晓雯 志强 佳怡 建国 思远 雨桐 海燕 文博 静 磊 梓涵 伟 秀英 浩然 丽娜 子轩 欣怡 一鸣 婷婷 明杰".split(),
)
ENGLISH = (
    "Walker Hughes Patel Turner Bennett Clarke Okafor Singh Murphy Foster Reed Collins Nguyen Brooks Hayes Rossi".split(),
    "Amelia Oliver Priya Jack Isla Harry Zoe Daniel Grace Ethan Ruby Samuel Chloe Marcus Hannah Leo".split(),
)
GERMAN = (
    "Schneider Weber Becker Hoffmann Krüger Vogel Yılmaz Brandt Lorenz Kaiser".split(),
    "Anna Jonas Lena Paul Mia Felix Emma Lukas Katharina Deniz".split(),
)
SPANISH = (
    "García Moreno Ortega Navarro Ruiz Iglesias Vidal Castro Peña Serrano".split(),
    "Lucía Mateo Carmen Hugo Sofía Diego Elena Pablo Marta Íñigo".split(),
)


@dataclass(frozen=True)
class Market:
    name: str
    zone: str
    locale: str
    names: tuple
    share: float
    currency: str
    sender: str | None = None

    def phone(self, n: int) -> str:
        return {
            "cn": lambda: f"+861390{n:07d}",
            "uk": lambda: f"+4477009{n:05d}",
            "us-east": lambda: f"+1{('212', '617', '305', '202')[n % 4]}555{n // 4:04d}",
            "us-west": lambda: f"+1{('415', '206', '310', '503')[n % 4]}555{n // 4:04d}",
            "de": lambda: f"+4930231{n:06d}",
            "es": lambda: f"+34600{n:06d}",
            "au": lambda: f"+61491{n:06d}",
        }[self.name]()

    def money(self, cents: int) -> str:
        whole, rest = divmod(cents, 100)
        if self.currency == "EUR":
            return f"{whole:,}".replace(",", ".") + f",{rest:02d} €"
        return {"CNY": "¥", "GBP": "£", "USD": "$", "AUD": "A$"}[self.currency] + f"{whole:,}.{rest:02d}"


MARKETS = [
    Market("cn", "Asia/Shanghai", "zh-CN", CHINESE, 0.40, "CNY", "qingyan"),
    Market("uk", "Europe/London", "en", ENGLISH, 0.20, "GBP"),
    Market("de", "Europe/Berlin", "de", GERMAN, 0.11, "EUR"),
    Market("es", "Europe/Madrid", "es", SPANISH, 0.08, "EUR"),
    Market("us-east", "America/New_York", "en", ENGLISH, 0.10, "USD"),
    Market("us-west", "America/Los_Angeles", "en", ENGLISH, 0.07, "USD"),
    Market("au", "Australia/Sydney", "en", ENGLISH, 0.04, "AUD"),
]


@dataclass(frozen=True)
class Customer:
    key: str
    market: Market
    name: str
    locale: str
    phone: str
    email: str
    tier: str | None
    consent: str | None  # granted, withdrawn, pending; None: never asked

    @property
    def chinese(self) -> bool:
        return self.locale == "zh-CN"


def customer(random, number: int, market: Market) -> Customer:
    """Customer c-100000 + number of a market; every eighth abroad reads Chinese."""
    locale = "zh-CN" if market.name != "cn" and random.random() < 0.12 else market.locale
    family, given = CHINESE if locale == "zh-CN" else market.names
    family, given = random.choice(family), random.choice(given)
    domain = random.choices(
        ["mail.example", "post.example", "inbox.example", "bounce.example", "full.example"], [55, 25, 18, 1.2, 0.8])[0]
    return Customer(
        key=f"c-{100000 + number}", market=market, name=family + given if locale == "zh-CN" else given, locale=locale,
        phone=market.phone(number), email=f"customer{100000 + number}@{domain}",
        tier=random.choices(["vip", "regular", None], [8, 70, 22])[0],
        consent=random.choices(["granted", "withdrawn", "pending", None], [88, 4, 2, 6])[0])

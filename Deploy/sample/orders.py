"""What the shop says about orders, accounts and offers: one function per template, variables as a real service would pass them."""

PRODUCTS = {
    "zh-CN": [
        ("龙井绿茶礼盒 250g", 16800), ("手工陶瓷茶杯", 8900), ("真丝围巾 雾蓝", 29900), ("儿童绘本三册", 7650), ("铸铁珐琅锅 24cm", 45900),
        ("桂花乌龙茶 100g", 5800), ("羊毛毯 150×200", 39900), ("竹制砧板", 12900)],
    "en": [
        ("Linen shirt, sage, M", 5900), ("Stoneware teapot", 4250), ("Wool blanket", 8900), ("Enamel roasting dish", 3600),
        ("Dragon Well tea, 100 g", 1450), ("Picture book: The Swift", 1299), ("Beeswax candles, set of 4", 1800)],
    "de": [
        ("Leinenhemd, salbei, M", 5900), ("Teekanne aus Steinzeug", 4250), ("Wolldecke", 8900), ("Emaille-Bräter", 3600),
        ("Grüner Tee, 100 g", 1450), ("Bienenwachskerzen, 4 Stück", 1800)],
    "es": [
        ("Camisa de lino, salvia, M", 5900), ("Tetera de gres", 4250), ("Manta de lana", 8900), ("Té verde, 100 g", 1450),
        ("Velas de cera, 4 unidades", 1800)],
}
CARRIERS = {
    "cn": ["顺丰速运", "京东物流", "中通快递"], "uk": ["Royal Mail", "DPD"], "de": ["DHL", "Hermes"], "es": ["Correos", "SEUR"],
    "us-east": ["UPS", "USPS"], "us-west": ["UPS", "FedEx"], "au": ["Australia Post"],
}
PLACES = {
    "cn": ["菜鸟驿站（滨江店）", "丰巢柜 南门", "近邻宝 3号楼"], "uk": ["the post office, Mill Road", "Nisa Local, High St"],
    "de": ["Kiosk am Markt", "Packstation 118"], "es": ["Papelería Sol", "Estanco Mayor"], "us-east": ["UPS Store, 8th Ave"],
    "us-west": ["UPS Store, Pine St"], "au": ["Newsagency, King St"],
}


def when(moment, locale: str) -> str:
    """A moment in the recipient's own words."""
    if locale == "zh-CN":
        return f"{moment.month}月{moment.day}日{moment:%H:%M}"
    if locale == "de":
        return f"{moment:%d.%m., %H:%M} Uhr"
    return f"{moment.day} {moment:%b, %H:%M}"


class Order:
    def __init__(self, random, customer, moment):
        self.customer, self.moment = customer, moment
        self.number = f"{'QY' if customer.chinese else 'SW'}{moment:%y%m%d}{random.randrange(100000, 999999)}"
        self.items = [(*random.choice(PRODUCTS[customer.locale]), random.choice((1, 1, 1, 2, 3))) for _ in range(random.choice((1, 1, 2, 3)))]
        self.total = customer.market.money(sum(price * quantity for _, price, quantity in self.items))

    @property
    def base(self) -> dict:
        return {"order_number": self.number, "time": when(self.moment, self.customer.locale)}


def confirmed(random, order):
    money = order.customer.market.money
    return order.base | {
        "name": order.customer.name, "total": order.total,
        "items": [{"title": title, "quantity": quantity, "price": money(price)} for title, price, quantity in order.items]}


def payment_failed(random, order):
    return order.base | {"total": order.total}


def refund(random, order):
    return order.base | {"amount": order.total}


def shipped(random, order):
    number = f"{random.choice(('SF', 'JD', 'RM', 'DP', '1Z'))}{random.randrange(10**11, 10**12)}"
    return order.base | {
        "carrier": random.choice(CARRIERS[order.customer.market.name]), "tracking_number": number,
        "tracking_url": f"https://track.swallow.example/{number}"}


def delivered(random, order):
    place = {"place": random.choice(PLACES[order.customer.market.name])} if random.random() < 0.4 else {"place": None}
    return order.base | place


def pickup(random, order):
    return order.base | {
        "place": random.choice(PLACES[order.customer.market.name]), "pickup_code": f"{random.randrange(1, 30)}-{random.randrange(1000, 9999)}"}


def alert(random, order):
    event = {"zh-CN": "在新设备上登录", "en": "signed in on a new device"}.get(order.customer.locale, "signed in on a new device")
    return {"time": when(order.moment, order.customer.locale), "event": event, "device": random.choice(("iPhone", "Windows", "Android"))}


def review(random, order):
    return order.base | {"item": order.items[0][0]}


def basket(random, order):
    return {"item": order.items[0][0]}


def coupon(random, order):
    return {"name": order.customer.name, "coupon": f"SW{random.randrange(10**5, 10**6)}"}


def newsletter(random, order):
    if order.customer.chinese:
        return {"issue": 47, "headline": "入冬好物：暖茶、羊毛与旧书", "articles": [
            {"title": "一壶桂花乌龙", "summary": "怎样泡出不涩的香气。", "url": "https://qingyan.example/47/tea"},
            {"title": "羊毛毯的洗护", "summary": "冷水，平铺，慢干。", "url": "https://qingyan.example/47/wool"}]}
    return {"issue": 47, "headline": "Warm things for short days", "articles": [
        {"title": "A pot of osmanthus tea", "summary": "How to brew it without bitterness.", "url": "https://swallow.example/47/tea"},
        {"title": "Washing wool", "summary": "Cold water, lay flat, be patient.", "url": "https://swallow.example/47/wool"}]}

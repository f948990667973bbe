import Testing

@testable import Gateway

@Suite("Who follows a link, as far as a request tells")
struct LinkClientTests {
    static let phone =
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"

    @Test(
        "browsers of people, also those inside messengers and mail programs, may be people",
        arguments: [
            phone,
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
            "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
            "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 13; V2203A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.47 NetType/WIFI Language/zh_CN",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/480.0]",
            "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
            "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 340.0",
            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.5.0",
        ])
    func people(agent: String) {
        for mode in [nil, "navigate", "Navigate"] {
            #expect(LinkClient(method: "GET", agent: agent, fetchMode: mode).machine(isPicture: false) == nil)
        }
        #expect(LinkClient(method: "GET", agent: agent, fetchMode: "no-cors").machine(isPicture: true) == nil)
    }

    @Test(
        "programs are told by what they say of themselves",
        arguments: [
            ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", "mail_proxy"),
            ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", "mail_proxy"),
            ("Mozilla/5.0", "mail_privacy"),
            ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "link_preview"),
            ("WhatsApp/2.24.25 A", "link_preview"),
            ("TelegramBot (like TwitterBot)", "link_preview"), ("Slackbot-LinkExpanding 1.0", "link_preview"),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
                "link_preview"
            ),
            ("Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5", "link_preview"),
            ("Dalvik/2.1.0 (Linux; U; Android 13; SM-A536B)", "link_preview"),
            ("MyMail/3 CFNetwork/1494.0.7 Darwin/23.4.0", "link_preview"),
            ("Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Microsoft Outlook 16.0; ms-office; MSOffice 16)", "scanner"),
            ("Barracuda Sentinel (EE)", "scanner"), ("Mozilla/5.0 (compatible; proofpoint)", "scanner"),
            ("curl/8.5.0", "program"),
            ("python-requests/2.32", "program"), ("Go-http-client/2.0", "program"), ("okhttp/4.12.0", "program"),
            ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/119.0 Safari/537.36", "program"), ("Java/17.0.9", "program"),
            ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "robot"),
            ("Mozilla/5.0 (compatible; YandexBot/3.0)", "robot"),
            ("Baiduspider+(+http://www.baidu.com/search/spider.htm)", "robot"),
            ("Sogou web spider/4.0", "robot"), ("W3C_Validator/1.3", "robot"), ("", "no_agent"),
        ])
    func programs(agent: String, word: String) {
        #expect(LinkClient(method: "GET", agent: agent).machine(isPicture: false) == word)
        #expect(LinkClient(method: "GET", agent: agent).machine(isPicture: true) == word)
    }

    @Test("HEAD, prefetching, and what is no navigation are machines' in any browser; no browser at all, too")
    func requests() {
        #expect(LinkClient(method: "HEAD", agent: Self.phone).machine(isPicture: false) == "head")
        for purpose in ["prefetch", "prefetch;prerender", "Prefetch", "preview", "prefetch;anonymous-client-ip"] {
            #expect(LinkClient(method: "GET", agent: Self.phone, purposes: [purpose]).machine(isPicture: false) == "prefetch")
        }
        #expect(LinkClient(method: "GET", agent: Self.phone, purposes: ["reading"]).machine(isPicture: false) == nil)
        for mode in ["cors", "no-cors", "same-origin"] {
            #expect(LinkClient(method: "GET", agent: Self.phone, fetchMode: mode).machine(isPicture: false) == "no_navigation")
        }
        #expect(LinkClient(method: "GET", agent: nil).machine(isPicture: false) == "no_agent")
    }
}

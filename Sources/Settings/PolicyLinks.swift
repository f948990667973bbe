import Domain
import Yams

extension PolicyReading {
    func readLinks(_ root: YAMLObject) -> LinkPlaces? {
        guard
            let object = root.required("links", "write `links:` and click_url, open_url, secret_file below it")?
                .object(in: "links.yaml")
        else { return nil }
        let secret = object.required("secret_file", "name a file with what openssl rand -hex 32 writes")?.text(limit: 500)
        let click = object["click_url"]?.linkBase()
        let open = object["open_url"]?.linkBase()
        if object["click_url"] == nil, object["open_url"] == nil {
            object.value.report("has neither click_url nor open_url", "give at least one, or remove the file")
        }
        return secret.map { LinkPlaces(clickURL: click, openURL: open, secretFile: $0) }
    }

    /// nil: nothing is tracked.
    func readTracking(_ object: YAMLObject, erasesBody: Bool) -> LinkTracking? {
        let clicks = object["track_clicks"]?.bool() ?? false
        let opens = object["track_opens"]?.bool() ?? false
        let expire = object["links_expire"]?.duration(in: .seconds(3600)...Duration.seconds(35 * 86_400))
        if !clicks {
            object["links_expire"]?.report("needs track_clicks", "set track_clicks: true or leave it out")
        }
        guard clicks || opens else { return nil }
        if erasesBody {
            for key in ["track_clicks", "track_opens"] where object[key]?.bool() == true {
                object[key]?.report(
                    "contradicts erase_body: true", "what is erased must not be kept as a link: leave one of them out")
            }
            return nil
        }
        return LinkTracking(clicks: clicks, opens: opens, expire: expire ?? LinkTracking.longEnough)
    }

    /// A class that tracks needs the addresses that its links lead to, and their secret.
    func checkTracking(of policy: Policy) {
        for (name, object) in classes {
            guard let tracking = policy.classes[name]?.tracking else { continue }
            let needs = [
                ("track_clicks", tracking.clicks && policy.links?.clickURL == nil, "click_url"),
                ("track_opens", tracking.opens && policy.links?.openURL == nil, "open_url"),
            ]
            for (field, isMissing, key) in needs where isMissing {
                object[field]?.report(
                    "needs \(key) in links.yaml", "add links.yaml with links: {\(key): https://…, secret_file: …}")
            }
        }
    }
}

extension YAMLValue {
    /// `https://s.example/c`, without a slash at the end; `http` for this machine only. Short: it stands in every SMS.
    fileprivate func linkBase() -> String? {
        guard let text = text(limit: 60) else { return nil }
        let isSecure = text.hasPrefix("https://") || text.wholeMatch(of: /http:\/\/(127\.0\.0\.1|localhost)(:.*|\/.*)?/) != nil
        if isSecure,
            text.wholeMatch(of: /https?:\/\/[A-Za-z0-9.\-]+(:[0-9]{1,5})?(\/[A-Za-z0-9.\-~]+)*/) != nil
        {
            return text
        }
        report("\(quoted(text)) cannot stand in front of a token", "write https://s.example/c, without a slash at the end")
        return nil
    }
}

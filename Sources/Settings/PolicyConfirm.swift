import Domain

extension PolicyReading {
    func readConfirm(_ root: YAMLObject) -> ConfirmLink? {
        guard let link = root["link"]?.object(in: "confirm.yaml") else { return nil }
        let value = link.required("url", "the gateway's address, such as https://hooks.example.com/y/{token}")
        let file = link.required("secret_file", "the path of a file with a secret, as openssl rand -hex 32 writes")?.line(
            limit: 1000)
        guard let value, let url = value.text(limit: 1000), let file else { return nil }
        let found = ConfirmLink(url: url, secretFile: file)
        if found == nil {
            value.report("\(value.quoted(url)) is no such address", "write https://…/y/{token}, with {token} once")
        }
        return found
    }
}

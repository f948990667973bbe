import Text

/// Text in the alphabet that a part of a mail, or an encoded word, names. Names come from outside, so only known ones reach the C library.
enum MIMECharset {
    /// The name in a mail, in lower case, and what iconv calls it.
    private static let known = [
        "iso-2022-jp": "ISO-2022-JP", "shift_jis": "CP932", "sjis": "CP932", "windows-31j": "CP932", "euc-jp": "EUC-JP",
        "gb2312": "GB18030", "gbk": "GB18030", "gb18030": "GB18030", "big5": "BIG5", "euc-kr": "CP949", "ks_c_5601-1987": "CP949",
        "koi8-r": "KOI8-R", "windows-1251": "CP1251", "iso-8859-2": "ISO-8859-2", "windows-1250": "CP1250",
        "iso-8859-15": "ISO-8859-15", "windows-1252": "CP1252", "iso-8859-5": "ISO-8859-5", "iso-8859-7": "ISO-8859-7",
        "iso-8859-9": "ISO-8859-9", "windows-1254": "CP1254", "windows-1253": "CP1253",
    ]

    /// Latin letters by their octets; UTF-8 where nothing is said, where the name is unknown, and where the octets are of another alphabet.
    static func text(_ octets: [UInt8], in name: String?) -> String {
        let name = name?.lowercased() ?? ""
        if name == "iso-8859-1" { return Latin1.string(octets) }
        return known[name].flatMap { Charset.decode(octets, from: $0) } ?? String(decoding: octets, as: UTF8.self)
    }

    /// Whether an encoded word of this alphabet can be read.
    static func isKnown(_ name: some StringProtocol) -> Bool {
        ["utf-8", "utf8", "us-ascii", "iso-8859-1"].contains(name.lowercased()) || known[name.lowercased()] != nil
    }
}

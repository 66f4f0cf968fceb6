use super::*;

const LIBRARY: Address = Address::repeat_byte(0xab);

fn parse(json: &str) -> CreationCode {
    CreationCode::parse("Some.json", json.as_bytes()).unwrap()
}

fn linked() -> Bytes {
    let mut code = vec![0x60];
    code.extend(LIBRARY);
    code.extend([0x01, 0xff]);
    code.into()
}

#[test]
fn all_formats_give_the_same_code() {
    for json in [
        r#"{"bytecode": "0x6001"}"#,
        r#"{"bytecode": "6001", "evm": {"bytecode": {"object": "6001", "linkReferences": {}}}}"#,
        r#"{"bytecode": {"object": "0x6001", "linkReferences": {}}}"#,
        r#"{"evm": {"bytecode": {"object": "6001"}}}"#,
    ] {
        let code = parse(json).with_arguments(&[0xff]).unwrap();
        assert_eq!(code.as_ref(), [0x60, 0x01, 0xff], "{json}");
    }
}

#[test]
fn libraries_are_linked_by_reference() {
    let hole = "__$0123456789abcdef0123456789abcdef01$__";
    let references = r#"{"a/Lib.sol": {"Lib": [{"length": 20, "start": 1}]}}"#;
    for json in [
        format!(r#"{{"bytecode": "0x60{hole}01", "linkReferences": {references}}}"#),
        format!(r#"{{"bytecode": {{"object": "0x60{hole}01", "linkReferences": {references}}}}}"#),
    ] {
        let code = parse(&json);
        assert_eq!(code.unlinked(), ["Lib"]);
        let error = code.with_arguments(&[]).unwrap_err().to_string();
        assert!(
            error.contains("Some.json") && error.contains("Lib"),
            "{error}"
        );
        let code = code.link("Other", Address::ZERO).link("Lib", LIBRARY);
        assert_eq!(code.with_arguments(&[0xff]).unwrap(), linked());
    }
}

#[test]
fn libraries_are_linked_by_name() {
    let code = parse(r#"{"bytecode": "0x60__SafeMath______________________________01"}"#);
    assert_eq!(code.unlinked().len(), 1);
    let code = code.link("Safe", Address::ZERO);
    assert_eq!(code.unlinked()[0].trim_end_matches('_'), "__SafeMath");
    let code = code.link("SafeMath", LIBRARY);
    assert_eq!(code.with_arguments(&[0xff]).unwrap(), linked());
}

#[test]
fn what_is_wrong_is_said() {
    let parse = |json: &str| CreationCode::parse("Some.json", json.as_bytes()).unwrap_err();
    assert!(matches!(parse("{"), ArtifactError::Malformed { .. }));
    for json in ["{}", r#"{"bytecode": "0x"}"#] {
        assert!(matches!(parse(json), ArtifactError::NoCode { .. }));
    }
    let odd = CreationCode::parse("Some.json", br#"{"bytecode": "0x6"}"#).unwrap();
    let error = odd.with_arguments(&[]).unwrap_err();
    assert!(matches!(error, ArtifactError::NotHex { .. }));

    let nowhere = PublishedArtifacts::at("nowhere");
    let path = "@some/package/build/Some.json";
    for error in [
        nowhere.read(path).unwrap_err(),
        nowhere.check(&[path]).unwrap_err(),
    ] {
        let error = error.to_string();
        for word in [path, "nowhere", INSTALL_COMMAND] {
            assert!(error.contains(word), "{error}");
        }
    }
}

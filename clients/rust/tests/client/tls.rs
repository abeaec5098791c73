use std::path::PathBuf;

use popgate::{Client, Error};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};

use crate::support::Gateway;

/// A CA, and what it has signed.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// PEM of a certificate for a name, and of its key.
    fn sign(&self, name: &str) -> (String, String) {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    /// A gateway with a certificate for gateway.example, and more arguments.
    fn gateway(&self, test: &str, arguments: &[&str]) -> Gateway {
        let (certificate, key) = self.sign("gateway.example");
        let certificate = format!("--tls-cert={}", file(test, "cert", &certificate));
        let key = format!("--tls-key={}", file(test, "key", &key));
        Gateway::serve(&[&[&*certificate, &*key], arguments].concat())
    }
}

fn file(test: &str, name: &str, pem: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}-{name}.pem"));
    std::fs::write(&path, pem).unwrap();
    path.to_str().unwrap().to_owned()
}

/// What the gateway answers to a call that it lets in but does not like; a transport error has no reason.
async fn reason(client: Result<Client, Error>) -> String {
    client.unwrap().session("127.0.0.1").await.unwrap_err().reason().to_owned()
}

#[tokio::test]
async fn the_gateway_is_verified() {
    let authority = Authority::new();
    let gateway = authority.gateway("verified", &[]);
    let client = || Client::builder(&gateway.target);
    assert_eq!(
        reason(client().ca_certificate(&authority.pem).server_name("gateway.example").connect()).await,
        "TARGET_NOT_ALLOWED"
    );
    assert_eq!(reason(client().ca_certificate(&authority.pem).connect()).await, "", "another name");
    assert_eq!(reason(client().server_name("gateway.example").connect()).await, "", "the system's roots");
    let other = Authority::new();
    assert_eq!(reason(client().ca_certificate(&other.pem).server_name("gateway.example").connect()).await, "");
    assert_eq!(reason(client().connect()).await, "", "plaintext");
}

#[tokio::test]
async fn the_caller_has_a_certificate() {
    let authority = Authority::new();
    let ca = file("caller", "ca", &authority.pem);
    let gateway = authority.gateway("caller", &[&format!("--tls-client-ca={ca}")]);
    let client = || Client::builder(&gateway.target).ca_certificate(&authority.pem).server_name("gateway.example");
    let (certificate, key) = authority.sign("caller.example");
    assert_eq!(reason(client().client_certificate(&certificate, &key).connect()).await, "TARGET_NOT_ALLOWED");
    assert_eq!(reason(client().connect()).await, "CALLER_UNAUTHENTICATED");
}

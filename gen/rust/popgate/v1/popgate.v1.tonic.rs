// @generated
/// Generated client implementations.
pub mod pop3_service_client {
    #![allow(
        unused_variables,
        dead_code,
        missing_docs,
        clippy::wildcard_imports,
        clippy::let_unit_value,
    )]
    use tonic::codegen::*;
    use tonic::codegen::http::Uri;
    #[derive(Debug, Clone)]
    pub struct Pop3ServiceClient<T> {
        inner: tonic::client::Grpc<T>,
    }
    impl<T> Pop3ServiceClient<T>
    where
        T: tonic::client::GrpcService<tonic::body::Body>,
        T::Error: Into<StdError>,
        T::ResponseBody: Body<Data = Bytes> + std::marker::Send + 'static,
        <T::ResponseBody as Body>::Error: Into<StdError> + std::marker::Send,
    {
        pub fn new(inner: T) -> Self {
            let inner = tonic::client::Grpc::new(inner);
            Self { inner }
        }
        pub fn with_origin(inner: T, origin: Uri) -> Self {
            let inner = tonic::client::Grpc::with_origin(inner, origin);
            Self { inner }
        }
        pub fn with_interceptor<F>(
            inner: T,
            interceptor: F,
        ) -> Pop3ServiceClient<InterceptedService<T, F>>
        where
            F: tonic::service::Interceptor,
            T::ResponseBody: Default,
            T: tonic::codegen::Service<
                http::Request<tonic::body::Body>,
                Response = http::Response<
                    <T as tonic::client::GrpcService<tonic::body::Body>>::ResponseBody,
                >,
            >,
            <T as tonic::codegen::Service<
                http::Request<tonic::body::Body>,
            >>::Error: Into<StdError> + std::marker::Send + std::marker::Sync,
        {
            Pop3ServiceClient::new(InterceptedService::new(inner, interceptor))
        }
        /// Compress requests with the given encoding.
        ///
        /// This requires the server to support it otherwise it might respond with an
        /// error.
        #[must_use]
        pub fn send_compressed(mut self, encoding: CompressionEncoding) -> Self {
            self.inner = self.inner.send_compressed(encoding);
            self
        }
        /// Enable decompressing responses.
        #[must_use]
        pub fn accept_compressed(mut self, encoding: CompressionEncoding) -> Self {
            self.inner = self.inner.accept_compressed(encoding);
            self
        }
        /// Limits the maximum size of a decoded message.
        ///
        /// Default: `4MB`
        #[must_use]
        pub fn max_decoding_message_size(mut self, limit: usize) -> Self {
            self.inner = self.inner.max_decoding_message_size(limit);
            self
        }
        /// Limits the maximum size of an encoded message.
        ///
        /// Default: `usize::MAX`
        #[must_use]
        pub fn max_encoding_message_size(mut self, limit: usize) -> Self {
            self.inner = self.inner.max_encoding_message_size(limit);
            self
        }
        pub async fn open_session(
            &mut self,
            request: impl tonic::IntoRequest<super::OpenSessionRequest>,
        ) -> std::result::Result<
            tonic::Response<super::OpenSessionResponse>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.Pop3Service/OpenSession",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.Pop3Service", "OpenSession"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn get_welcome(
            &mut self,
            request: impl tonic::IntoRequest<super::GetWelcomeRequest>,
        ) -> std::result::Result<
            tonic::Response<super::GetWelcomeResponse>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.Pop3Service/GetWelcome",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.Pop3Service", "GetWelcome"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn set_debug_level(
            &mut self,
            request: impl tonic::IntoRequest<super::SetDebugLevelRequest>,
        ) -> std::result::Result<
            tonic::Response<super::SetDebugLevelResponse>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.Pop3Service/SetDebugLevel",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.Pop3Service", "SetDebugLevel"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn watch_debug(
            &mut self,
            request: impl tonic::IntoRequest<super::WatchDebugRequest>,
        ) -> std::result::Result<
            tonic::Response<tonic::codec::Streaming<super::WatchDebugResponse>>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.Pop3Service/WatchDebug",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.Pop3Service", "WatchDebug"));
            self.inner.server_streaming(req, path, codec).await
        }
        pub async fn capa(
            &mut self,
            request: impl tonic::IntoRequest<super::CapaRequest>,
        ) -> std::result::Result<tonic::Response<super::CapaResponse>, tonic::Status> {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.Pop3Service/Capa",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.Pop3Service", "Capa"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn stls(
            &mut self,
            request: impl tonic::IntoRequest<super::StlsRequest>,
        ) -> std::result::Result<tonic::Response<super::StlsResponse>, tonic::Status> {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.Pop3Service/Stls",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.Pop3Service", "Stls"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn utf8(
            &mut self,
            request: impl tonic::IntoRequest<super::Utf8Request>,
        ) -> std::result::Result<tonic::Response<super::Utf8Response>, tonic::Status> {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.Pop3Service/Utf8",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.Pop3Service", "Utf8"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn lang(
            &mut self,
            request: impl tonic::IntoRequest<super::LangRequest>,
        ) -> std::result::Result<tonic::Response<super::LangResponse>, tonic::Status> {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.Pop3Service/Lang",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.Pop3Service", "Lang"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn close_session(
            &mut self,
            request: impl tonic::IntoRequest<super::CloseSessionRequest>,
        ) -> std::result::Result<
            tonic::Response<super::CloseSessionResponse>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.Pop3Service/CloseSession",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.Pop3Service", "CloseSession"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn user(
            &mut self,
            request: impl tonic::IntoRequest<super::UserRequest>,
        ) -> std::result::Result<tonic::Response<super::UserResponse>, tonic::Status> {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.Pop3Service/User",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.Pop3Service", "User"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn pass(
            &mut self,
            request: impl tonic::IntoRequest<super::PassRequest>,
        ) -> std::result::Result<tonic::Response<super::PassResponse>, tonic::Status> {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.Pop3Service/Pass",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.Pop3Service", "Pass"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn apop(
            &mut self,
            request: impl tonic::IntoRequest<super::ApopRequest>,
        ) -> std::result::Result<tonic::Response<super::ApopResponse>, tonic::Status> {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.Pop3Service/Apop",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.Pop3Service", "Apop"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn rpop(
            &mut self,
            request: impl tonic::IntoRequest<super::RpopRequest>,
        ) -> std::result::Result<tonic::Response<super::RpopResponse>, tonic::Status> {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.Pop3Service/Rpop",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.Pop3Service", "Rpop"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn auth(
            &mut self,
            request: impl tonic::IntoRequest<super::AuthRequest>,
        ) -> std::result::Result<tonic::Response<super::AuthResponse>, tonic::Status> {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.Pop3Service/Auth",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.Pop3Service", "Auth"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn auth_exchange(
            &mut self,
            request: impl tonic::IntoStreamingRequest<
                Message = super::AuthExchangeRequest,
            >,
        ) -> std::result::Result<
            tonic::Response<tonic::codec::Streaming<super::AuthExchangeResponse>>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.Pop3Service/AuthExchange",
            );
            let mut req = request.into_streaming_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.Pop3Service", "AuthExchange"));
            self.inner.streaming(req, path, codec).await
        }
        pub async fn stat(
            &mut self,
            request: impl tonic::IntoRequest<super::StatRequest>,
        ) -> std::result::Result<tonic::Response<super::StatResponse>, tonic::Status> {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.Pop3Service/Stat",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.Pop3Service", "Stat"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn list(
            &mut self,
            request: impl tonic::IntoRequest<super::ListRequest>,
        ) -> std::result::Result<
            tonic::Response<tonic::codec::Streaming<super::ListResponse>>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.Pop3Service/List",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.Pop3Service", "List"));
            self.inner.server_streaming(req, path, codec).await
        }
        pub async fn uidl(
            &mut self,
            request: impl tonic::IntoRequest<super::UidlRequest>,
        ) -> std::result::Result<
            tonic::Response<tonic::codec::Streaming<super::UidlResponse>>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.Pop3Service/Uidl",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.Pop3Service", "Uidl"));
            self.inner.server_streaming(req, path, codec).await
        }
        pub async fn dele(
            &mut self,
            request: impl tonic::IntoRequest<super::DeleRequest>,
        ) -> std::result::Result<tonic::Response<super::DeleResponse>, tonic::Status> {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.Pop3Service/Dele",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.Pop3Service", "Dele"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn rset(
            &mut self,
            request: impl tonic::IntoRequest<super::RsetRequest>,
        ) -> std::result::Result<tonic::Response<super::RsetResponse>, tonic::Status> {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.Pop3Service/Rset",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.Pop3Service", "Rset"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn noop(
            &mut self,
            request: impl tonic::IntoRequest<super::NoopRequest>,
        ) -> std::result::Result<tonic::Response<super::NoopResponse>, tonic::Status> {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.Pop3Service/Noop",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.Pop3Service", "Noop"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn retr(
            &mut self,
            request: impl tonic::IntoRequest<super::RetrRequest>,
        ) -> std::result::Result<
            tonic::Response<tonic::codec::Streaming<super::RetrResponse>>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.Pop3Service/Retr",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.Pop3Service", "Retr"));
            self.inner.server_streaming(req, path, codec).await
        }
        pub async fn top(
            &mut self,
            request: impl tonic::IntoRequest<super::TopRequest>,
        ) -> std::result::Result<
            tonic::Response<tonic::codec::Streaming<super::TopResponse>>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.Pop3Service/Top",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.Pop3Service", "Top"));
            self.inner.server_streaming(req, path, codec).await
        }
        pub async fn quit(
            &mut self,
            request: impl tonic::IntoRequest<super::QuitRequest>,
        ) -> std::result::Result<tonic::Response<super::QuitResponse>, tonic::Status> {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.Pop3Service/Quit",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.Pop3Service", "Quit"));
            self.inner.unary(req, path, codec).await
        }
    }
}
/// Generated client implementations.
pub mod mailbox_service_client {
    #![allow(
        unused_variables,
        dead_code,
        missing_docs,
        clippy::wildcard_imports,
        clippy::let_unit_value,
    )]
    use tonic::codegen::*;
    use tonic::codegen::http::Uri;
    #[derive(Debug, Clone)]
    pub struct MailboxServiceClient<T> {
        inner: tonic::client::Grpc<T>,
    }
    impl<T> MailboxServiceClient<T>
    where
        T: tonic::client::GrpcService<tonic::body::Body>,
        T::Error: Into<StdError>,
        T::ResponseBody: Body<Data = Bytes> + std::marker::Send + 'static,
        <T::ResponseBody as Body>::Error: Into<StdError> + std::marker::Send,
    {
        pub fn new(inner: T) -> Self {
            let inner = tonic::client::Grpc::new(inner);
            Self { inner }
        }
        pub fn with_origin(inner: T, origin: Uri) -> Self {
            let inner = tonic::client::Grpc::with_origin(inner, origin);
            Self { inner }
        }
        pub fn with_interceptor<F>(
            inner: T,
            interceptor: F,
        ) -> MailboxServiceClient<InterceptedService<T, F>>
        where
            F: tonic::service::Interceptor,
            T::ResponseBody: Default,
            T: tonic::codegen::Service<
                http::Request<tonic::body::Body>,
                Response = http::Response<
                    <T as tonic::client::GrpcService<tonic::body::Body>>::ResponseBody,
                >,
            >,
            <T as tonic::codegen::Service<
                http::Request<tonic::body::Body>,
            >>::Error: Into<StdError> + std::marker::Send + std::marker::Sync,
        {
            MailboxServiceClient::new(InterceptedService::new(inner, interceptor))
        }
        /// Compress requests with the given encoding.
        ///
        /// This requires the server to support it otherwise it might respond with an
        /// error.
        #[must_use]
        pub fn send_compressed(mut self, encoding: CompressionEncoding) -> Self {
            self.inner = self.inner.send_compressed(encoding);
            self
        }
        /// Enable decompressing responses.
        #[must_use]
        pub fn accept_compressed(mut self, encoding: CompressionEncoding) -> Self {
            self.inner = self.inner.accept_compressed(encoding);
            self
        }
        /// Limits the maximum size of a decoded message.
        ///
        /// Default: `4MB`
        #[must_use]
        pub fn max_decoding_message_size(mut self, limit: usize) -> Self {
            self.inner = self.inner.max_decoding_message_size(limit);
            self
        }
        /// Limits the maximum size of an encoded message.
        ///
        /// Default: `usize::MAX`
        #[must_use]
        pub fn max_encoding_message_size(mut self, limit: usize) -> Self {
            self.inner = self.inner.max_encoding_message_size(limit);
            self
        }
        pub async fn list_messages(
            &mut self,
            request: impl tonic::IntoRequest<super::ListMessagesRequest>,
        ) -> std::result::Result<
            tonic::Response<tonic::codec::Streaming<super::ListMessagesResponse>>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.MailboxService/ListMessages",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.MailboxService", "ListMessages"));
            self.inner.server_streaming(req, path, codec).await
        }
        pub async fn fetch_messages(
            &mut self,
            request: impl tonic::IntoRequest<super::FetchMessagesRequest>,
        ) -> std::result::Result<
            tonic::Response<tonic::codec::Streaming<super::FetchMessagesResponse>>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.MailboxService/FetchMessages",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.MailboxService", "FetchMessages"));
            self.inner.server_streaming(req, path, codec).await
        }
        pub async fn collect_messages(
            &mut self,
            request: impl tonic::IntoStreamingRequest<
                Message = super::CollectMessagesRequest,
            >,
        ) -> std::result::Result<
            tonic::Response<tonic::codec::Streaming<super::CollectMessagesResponse>>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.MailboxService/CollectMessages",
            );
            let mut req = request.into_streaming_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.MailboxService", "CollectMessages"));
            self.inner.streaming(req, path, codec).await
        }
        pub async fn delete_messages(
            &mut self,
            request: impl tonic::IntoRequest<super::DeleteMessagesRequest>,
        ) -> std::result::Result<
            tonic::Response<super::DeleteMessagesResponse>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.MailboxService/DeleteMessages",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.MailboxService", "DeleteMessages"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn diagnose_server(
            &mut self,
            request: impl tonic::IntoRequest<super::DiagnoseServerRequest>,
        ) -> std::result::Result<
            tonic::Response<super::DiagnoseServerResponse>,
            tonic::Status,
        > {
            self.inner
                .ready()
                .await
                .map_err(|e| {
                    tonic::Status::unknown(
                        format!("Service was not ready: {}", e.into()),
                    )
                })?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static(
                "/popgate.v1.MailboxService/DiagnoseServer",
            );
            let mut req = request.into_request();
            req.extensions_mut()
                .insert(GrpcMethod::new("popgate.v1.MailboxService", "DiagnoseServer"));
            self.inner.unary(req, path, codec).await
        }
    }
}

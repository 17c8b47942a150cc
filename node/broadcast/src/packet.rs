//! What is on the wire: a stream for each message. Its length as an unsigned varint; a byte with the length of the topic
//! above two bits of its kind; the topic; the contents.

use std::{fmt, io, iter, pin::Pin};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures_util::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::core::{InboundUpgrade, OutboundUpgrade, UpgradeInfo};
use unsigned_varint::{decode, encode};

use crate::Config;

/// Name of the protocol: that of `libp2p-scatter`.
const PROTOCOL: &str = "/ax/broadcast/1.0.0";

/// Longest topic: its length has six bits.
const TOPIC_BYTES_MAX: usize = 63;

const SUBSCRIBE: u8 = 0b00;
const BROADCAST: u8 = 0b01;
const UNSUBSCRIBE: u8 = 0b10;

/// What messages are about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic {
    bytes: [u8; TOPIC_BYTES_MAX],
    length: u8,
}

impl Topic {
    /// A topic of a name of at most 63 bytes; what is beyond is cut off.
    pub fn new(name: &[u8]) -> Topic {
        let mut bytes = [0; TOPIC_BYTES_MAX];
        let mut length = 0_u8;
        for (to, from) in bytes.iter_mut().zip(name) {
            *to = *from;
            length = length.saturating_add(1);
        }
        Topic { bytes, length }
    }

    /// Its name.
    pub fn name(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }
}

impl fmt::Debug for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&String::from_utf8_lossy(self.name()), f)
    }
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// Whoever sends it wants to hear of this.
    Subscribe(Topic),
    /// Whoever sends it no longer does.
    Unsubscribe(Topic),
    /// Something about it.
    Broadcast(Topic, Bytes),
}

/// A message as it is written.
#[derive(Clone, Debug)]
pub struct Outgoing(Bytes);

impl Outgoing {
    /// Bytes on the wire.
    pub fn length(&self) -> usize {
        self.0.len()
    }
}

impl Packet {
    /// What it is about.
    pub fn topic(&self) -> &Topic {
        match self {
            Packet::Subscribe(topic) | Packet::Unsubscribe(topic) | Packet::Broadcast(topic, _) => topic,
        }
    }

    /// Writes it, its length in front.
    pub fn write(&self) -> Outgoing {
        let (kind, topic, contents) = match self {
            Packet::Subscribe(topic) => (SUBSCRIBE, topic, &[] as &[u8]),
            Packet::Unsubscribe(topic) => (UNSUBSCRIBE, topic, &[] as &[u8]),
            Packet::Broadcast(topic, contents) => (BROADCAST, topic, contents.as_ref()),
        };
        let length = contents.len().saturating_add(topic.name().len()).saturating_add(1);
        let mut buffer = encode::usize_buffer();
        let prefix = encode::usize(length, &mut buffer);
        let mut bytes = BytesMut::with_capacity(length.saturating_add(prefix.len()));
        bytes.put_slice(prefix);
        bytes.put_u8(topic.length.wrapping_shl(2) | kind);
        bytes.put_slice(topic.name());
        bytes.put_slice(contents);
        Outgoing(bytes.freeze())
    }

    /// Reads what stands behind the length.
    ///
    /// # Errors
    /// Where the bytes mean nothing.
    pub fn read(mut bytes: Bytes) -> io::Result<Packet> {
        let invalid = |words: &'static str| io::Error::new(io::ErrorKind::InvalidData, words);
        let head = bytes.try_get_u8().map_err(|_| invalid("the message is empty"))?;
        let length = usize::from(head.wrapping_shr(2));
        if bytes.len() < length {
            return Err(invalid("the topic is longer than the message"));
        }
        let topic = Topic::new(&bytes.split_to(length));
        match head & 0b11 {
            BROADCAST => Ok(Packet::Broadcast(topic, bytes)),
            SUBSCRIBE if bytes.is_empty() => Ok(Packet::Subscribe(topic)),
            UNSUBSCRIBE if bytes.is_empty() => Ok(Packet::Unsubscribe(topic)),
            SUBSCRIBE | UNSUBSCRIBE => Err(invalid("something follows the topic")),
            _ => Err(invalid("an unknown kind of message")),
        }
    }
}

#[cfg(test)]
impl Outgoing {
    /// What whoever reads it finds.
    pub(crate) fn packet(&self) -> Packet {
        let (_, rest) = decode::usize(&self.0).expect("a length");
        Packet::read(Bytes::copy_from_slice(rest)).expect("a packet")
    }
}

type Io<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

/// Reads the length in front of a message.
async fn length(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<usize> {
    let mut read = Vec::with_capacity(encode::usize_buffer().len());
    loop {
        let mut byte = [0];
        stream.read_exact(&mut byte).await?;
        read.extend(byte);
        match decode::usize(&read) {
            Ok((length, _)) => return Ok(length),
            Err(decode::Error::Insufficient) => {}
            Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        }
    }
}

impl UpgradeInfo for Config {
    type Info = &'static str;
    type InfoIter = iter::Once<&'static str>;

    fn protocol_info(&self) -> Self::InfoIter {
        iter::once(PROTOCOL)
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> InboundUpgrade<S> for Config {
    type Output = Packet;
    type Error = io::Error;
    type Future = Io<Packet>;

    fn upgrade_inbound(self, mut stream: S, _: &'static str) -> Io<Packet> {
        Box::pin(async move {
            let length = length(&mut stream).await?;
            if length > self.max_buf_size {
                let words = format!("a message has {length} bytes, at most {} are read", self.max_buf_size);
                return Err(io::Error::new(io::ErrorKind::InvalidData, words));
            }
            let mut bytes = vec![0; length];
            stream.read_exact(&mut bytes).await?;
            stream.close().await?;
            Packet::read(Bytes::from(bytes))
        })
    }
}

impl UpgradeInfo for Outgoing {
    type Info = &'static str;
    type InfoIter = iter::Once<&'static str>;

    fn protocol_info(&self) -> Self::InfoIter {
        iter::once(PROTOCOL)
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> OutboundUpgrade<S> for Outgoing {
    type Output = usize;
    type Error = io::Error;
    type Future = Io<usize>;

    fn upgrade_outbound(self, mut stream: S, _: &'static str) -> Io<usize> {
        Box::pin(async move {
            stream.write_all(&self.0).await?;
            stream.close().await?;
            Ok(self.0.len())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behind_length(packet: &Packet) -> Bytes {
        let Outgoing(bytes) = packet.write();
        let (length, rest) = decode::usize(&bytes).unwrap();
        assert_eq!(length, rest.len());
        Bytes::copy_from_slice(rest)
    }

    #[test]
    fn a_message_is_read_as_it_was_written() {
        let topic = Topic::new(b"/consensus");
        for packet in [
            Packet::Subscribe(topic),
            Packet::Unsubscribe(Topic::new(&[b't'; TOPIC_BYTES_MAX])),
            Packet::Broadcast(topic, Bytes::from(vec![7; 70_000])),
            Packet::Broadcast(Topic::new(b""), Bytes::new()),
        ] {
            assert_eq!(Packet::read(behind_length(&packet)).unwrap(), packet);
        }
        // As libp2p-scatter writes it.
        let Outgoing(bytes) = Packet::Broadcast(Topic::new(b"ab"), Bytes::from_static(b"c")).write();
        assert_eq!(bytes.as_ref(), [4, 0b0000_1001, b'a', b'b', b'c']);
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for bytes in [&[][..], &[0b0000_0101], &[0b0000_0100], &[0b0000_0011], &[0b0000_0100, b'a', b'b']] {
            let error = Packet::read(Bytes::copy_from_slice(bytes)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{bytes:?}");
        }
    }

    #[tokio::test]
    async fn what_is_too_long_is_not_read() {
        use futures_util::io::Cursor;
        let topic = Topic::new(b"t");
        let config = Config { max_buf_size: 10 };
        for (bytes, fits) in [(8, true), (9, false)] {
            let Outgoing(written) = Packet::Broadcast(topic, Bytes::from(vec![0; bytes])).write();
            let read = config.clone().upgrade_inbound(Cursor::new(written.to_vec()), PROTOCOL).await;
            assert_eq!(read.is_ok(), fits, "{read:?}");
        }
    }
}

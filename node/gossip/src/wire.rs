//! The bytes of a message: SCALE, one message to a stream, bounded while it is read.

use std::io;

use async_trait::async_trait;
use bytes::Bytes;
use codec::{Compact, Decode, Encode};
use futures_util::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::request_response::Codec;

use crate::message::{Answer, Message};

/// Longest message: a batch, or one record of the largest size.
pub const MESSAGE_BYTES_MAX: usize = 2 << 20;

/// Longest answer: a block of the largest size with its certificate, or as many smaller pieces.
pub const ANSWER_BYTES_MAX: usize = 5 << 20;

/// Reads and writes messages.
#[derive(Clone)]
pub(crate) struct Wire;

/// What no node may send: a message that is too long, or asks for too much. libp2p does not tell of requests that could not
/// be read, so this one can.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Excess(String);

/// Name of the protocol of a chain.
#[derive(Clone)]
pub(crate) struct Name(pub(crate) String);

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Reads a whole message of at most so many bytes, and of as many things as its kind may list.
async fn read<T: AsyncRead + Unpin + Send, M: Decode + Encode>(
    io: &mut T,
    bytes_max: usize,
    listed_max: impl Fn(u8) -> usize,
) -> io::Result<M> {
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    io.take(limit).read_to_end(&mut bytes).await?;
    let excess = |words: String| Err(io::Error::new(io::ErrorKind::InvalidData, words));
    if bytes.len() > bytes_max {
        return excess(format!("the message is longer than {bytes_max} bytes"));
    }
    if let Some((kind, listed)) = listed(&bytes)
        && listed > listed_max(kind)
    {
        return excess(format!("the message lists {listed} things, at most {} are accepted", listed_max(kind)));
    }
    decode(Bytes::from(bytes))
}

/// The number of a message's kind, and how many things it says that it lists, if its kind is a list. Looked at before any of
/// them is read: what is a single byte on the wire, such as an empty piece, takes many in memory.
fn listed(bytes: &[u8]) -> Option<(u8, usize)> {
    let (kind, mut list) = bytes.split_first()?;
    let Compact(count) = Compact::<u32>::decode(&mut list).ok()?;
    Some((*kind, usize::try_from(count).unwrap_or(usize::MAX)))
}

/// Reads a whole message; bytes that mean nothing are refused. They are not held against whoever sent them, since a message
/// whose connection broke ends early too.
fn decode<M: Decode + Encode>(bytes: Bytes) -> io::Result<M> {
    let invalid = |words: String| io::Error::new(io::ErrorKind::UnexpectedEof, words);
    let length = bytes.len();
    let message: M = codec::decode_from_bytes(bytes).map_err(|error| invalid(error.to_string()))?;
    let meant = message.encoded_size();
    if meant == length { Ok(message) } else { Err(invalid(format!("{meant} of {length} bytes mean something"))) }
}

async fn write<T: AsyncWrite + Unpin + Send>(io: &mut T, message: impl Encode) -> io::Result<()> {
    let bytes = message.encode();
    io.write_all(&bytes).await?;
    io.close().await
}

#[async_trait]
impl Codec for Wire {
    type Protocol = Name;
    type Request = Result<Message, Excess>;
    type Response = Answer;

    async fn read_request<T>(&mut self, _: &Name, io: &mut T) -> io::Result<Result<Message, Excess>>
    where
        T: AsyncRead + Unpin + Send,
    {
        let message: Message = match read(io, MESSAGE_BYTES_MAX, Message::listed_max).await {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Ok(Err(Excess(error.to_string()))),
            read => read?,
        };
        if message.is_bounded() {
            return Ok(Ok(message));
        }
        Ok(Err(Excess(format!("a message of {} records that asks for too much", message.len()))))
    }

    async fn read_response<T>(&mut self, _: &Name, io: &mut T) -> io::Result<Answer>
    where
        T: AsyncRead + Unpin + Send,
    {
        read(io, ANSWER_BYTES_MAX, Answer::listed_max).await
    }

    async fn write_request<T>(&mut self, _: &Name, io: &mut T, message: Self::Request) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write(io, message.map_err(io::Error::other)?).await
    }

    async fn write_response<T>(&mut self, _: &Name, io: &mut T, answer: Answer) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write(io, answer).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Ask, RECORDS_MAX, ROW_KEY_BYTES_MAX, Standing};

    fn messages() -> Vec<Message> {
        vec![
            Message::Records(vec![Bytes::from_static(b"{}"), Bytes::from(vec![7; 70_000])]),
            Message::Offer(vec![[3; 32]; 5]),
            Message::Ask(Ask::Rows { height: 7, cut: 4, range: 15, skip: 200 }),
            Message::Ask(Ask::Entries { height: 7, row: Bytes::from_static(b"item/1"), n: 3 }),
        ]
    }

    #[test]
    fn a_message_is_read_as_it_was_written() {
        for message in messages() {
            let bytes = Bytes::from(message.encode());
            assert_eq!(decode::<Message>(bytes).unwrap(), message);
        }
        let standings = vec![Standing::Held, Standing::Later, Standing::Wanted, Standing::Forged];
        for answer in [Answer::Standings(standings), Answer::Pieces(vec![Bytes::from_static(b"one"), Bytes::new()])] {
            assert_eq!(decode::<Answer>(Bytes::from(answer.encode())).unwrap(), answer);
        }
    }

    #[test]
    fn what_is_cut_or_longer_is_refused() {
        for message in messages() {
            let bytes = message.encode();
            for length in [0, 1, bytes.len() / 2, bytes.len() - 1] {
                let error = decode::<Message>(Bytes::copy_from_slice(&bytes[..length])).unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{length}");
            }
            let longer = [bytes.as_slice(), &[0]].concat();
            assert!(decode::<Message>(Bytes::from(longer)).is_err());
        }
        assert!(decode::<Answer>(Bytes::from_static(&[0, 4, 9])).is_err(), "no such standing");
    }

    #[tokio::test]
    async fn what_is_too_long_or_too_many_is_refused() {
        let name = Name("/test".to_owned());
        let long = Message::Records(vec![Bytes::from(vec![0; MESSAGE_BYTES_MAX])]).encode();
        let many = Message::Records(vec![Bytes::new(); RECORDS_MAX + 1]).encode();
        let row = Bytes::from(vec![b'k'; ROW_KEY_BYTES_MAX + 1]);
        let key = Message::Ask(Ask::Entries { height: 1, row, n: 1 }).encode();
        let cut = Message::Ask(Ask::Rows { height: 1, cut: 32, range: 0, skip: 0 }).encode();
        for bytes in [long, many, key, cut] {
            let read = Wire.read_request(&name, &mut bytes.as_slice()).await;
            assert!(matches!(read, Ok(Err(Excess(_)))), "{read:?}");
        }
    }

    #[tokio::test]
    async fn an_answer_of_more_pieces_than_any_can_have_is_refused_before_they_are_read() {
        let name = Name("/test".to_owned());
        let pieces = |count: usize| Answer::Pieces(vec![Bytes::new(); count]);
        let most = pieces(Answer::PIECES_MAX);
        assert_eq!(Wire.read_response(&name, &mut most.encode().as_slice()).await.unwrap(), most);
        let standings = Answer::Standings(vec![Standing::Held; RECORDS_MAX + 1]).encode();
        // Says so, and ends there: a list that is cut would have been another error.
        let says_so = |kind: u8| [vec![kind], Compact(u32::MAX).encode()].concat();
        for bytes in [pieces(Answer::PIECES_MAX + 1).encode(), standings, says_so(0), says_so(1)] {
            let error = Wire.read_response(&name, &mut bytes.as_slice()).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
        }
        for kind in [0, 1] {
            let read = Wire.read_request(&name, &mut says_so(kind).as_slice()).await;
            assert!(matches!(read, Ok(Err(Excess(_)))), "{read:?}");
        }
        // The bytes after the number of its kind are no count.
        let question = Message::Ask(Ask::Rows { height: u64::MAX, cut: 1, range: u32::MAX, skip: 0 });
        let read = Wire.read_request(&name, &mut question.encode().as_slice()).await;
        assert_eq!(read.unwrap().unwrap(), question);
    }
}

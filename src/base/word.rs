//! Enums of words: the words of the command line, of JSON and of tables are parsed here, in one way.

/// A word that names no value of an enum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no {what} {word:?}; choose {known}")]
pub struct UnknownWord {
    /// What the word should have named, as a noun: "mode".
    pub what: &'static str,
    /// The word as it was given.
    pub word: String,
    /// The words there are, as a list for people: "a, b or c".
    pub known: String,
}

/// The value that a word names. A hyphen stands for an underscore, as people type it: `shared-sample`.
///
/// # Errors
///
/// If the word names none of `all`.
pub(crate) fn parse_word<T: Copy>(
    what: &'static str,
    all: &[T],
    as_str: fn(T) -> &'static str,
    word: &str,
) -> Result<T, UnknownWord> {
    let wanted = word.replace('-', "_");
    all.iter().copied().find(|value| as_str(*value) == wanted).ok_or_else(|| {
        let words: Vec<_> = all.iter().map(|value| as_str(*value)).collect();
        let known = match words.as_slice() {
            [others @ .., last] if !others.is_empty() => {
                format!("{} or {last}", others.join(", "))
            }
            words => words.concat(),
        };
        UnknownWord { what, word: word.to_owned(), known }
    })
}

/// Implements `FromStr` for an enum that has `ALL` and `as_str`, as the inverse of `as_str`.
macro_rules! impl_from_word {
    ($type:ty, $what:literal) => {
        impl std::str::FromStr for $type {
            type Err = $crate::base::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                $crate::base::parse_word($what, &Self::ALL, Self::as_str, word)
            }
        }
    };
}
pub(crate) use impl_from_word;

#[cfg(test)]
mod tests {
    use crate::export::Format;
    use crate::notice::NoticeKind;
    use crate::provenance::WhichContainers;
    use crate::record::{DecisionState, Ground, NoticeState, Presence, Relation, Verdict};
    use crate::review::ListOrder;
    use crate::scan::Mode;

    #[test]
    fn every_word_is_parsed_to_the_value_that_it_names() {
        for value in Mode::ALL {
            assert_eq!(value.as_str().parse(), Ok(value));
        }
        for value in Verdict::ALL {
            assert_eq!(value.as_str().parse(), Ok(value));
        }
        for value in Ground::ALL {
            assert_eq!(value.as_str().parse(), Ok(value));
        }
        for value in DecisionState::ALL {
            assert_eq!(value.as_str().parse(), Ok(value));
        }
        for value in Relation::ALL {
            assert_eq!(value.as_str().parse(), Ok(value));
        }
        for value in ListOrder::ALL {
            assert_eq!(value.as_str().parse(), Ok(value));
        }
        for value in NoticeKind::ALL {
            assert_eq!(value.as_str().parse(), Ok(value));
        }
        for value in NoticeState::ALL {
            assert_eq!(value.as_str().parse(), Ok(value));
        }
        for value in Presence::ALL {
            assert_eq!(value.as_str().parse(), Ok(value));
        }
        for value in WhichContainers::ALL {
            assert_eq!(value.as_str().parse(), Ok(value));
        }
        for value in Format::ALL {
            assert_eq!(value.as_str().parse(), Ok(value));
        }
    }

    #[test]
    fn a_hyphen_stands_for_an_underscore() {
        assert_eq!("not-ours".parse(), Ok(Ground::NotOurs));
        assert_eq!("torrent-index".parse(), Ok(NoticeKind::TorrentIndex));
    }

    #[test]
    fn the_error_names_the_word_and_those_there_are() {
        let error = "fast".parse::<Mode>().unwrap_err().to_string();
        assert_eq!(error, "there is no mode \"fast\"; choose probe, identity, full or thorough");
        assert!("".parse::<Ground>().is_err());
        assert!("Full".parse::<Mode>().is_err(), "words are in lower case");
    }
}

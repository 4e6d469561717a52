//! What the stream is: the `AudioSpecificConfig` (ISO/IEC 14496-3, 1.6.2.1) or, of ADTS, the parameters of the track.

use symphonia_core::codecs::audio::AudioCodecParameters;
use symphonia_core::errors::{Result, unsupported_error};

use super::bits::Bits;
use crate::{NEEDS_FULL, Reduction};

/// Rates by index, in Hz.
const RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];
/// The object type AAC-LC.
const LOW_COMPLEXITY: u32 = 2;

/// A stream of AAC-LC in one channel element per packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Config {
    pub(super) rate_hz: u32,
    pub(super) reduction: Reduction,
    pub(super) stereo: bool,
}

impl Config {
    /// The stream of a track; an error if it needs the full decoder.
    ///
    /// As in Symphonia, SBR that is told behind the configuration of the core is not looked for, so that the core is decoded; SBR as
    /// the object type is refused.
    pub(super) fn of(params: &AudioCodecParameters) -> Result<Self> {
        let (rate_hz, channels) = match &params.extra_data {
            Some(data) => plain(data),
            None => params.sample_rate.zip(params.channels.as_ref().map(|c| c.count() as u32)),
        }
        .unwrap_or_default();
        match (Reduction::of_rate(rate_hz), channels) {
            (Some(reduction), 1 | 2) => Ok(Self { rate_hz, reduction, stereo: channels == 2 }),
            _ => unsupported_error(NEEDS_FULL),
        }
    }
}

/// The rate in Hz and the number of channels of a plain configuration of AAC-LC: frames of 1024 samples, no core coder below.
fn plain(data: &[u8]) -> Option<(u32, u32)> {
    let mut bits = Bits::new(data);
    let object = bits.read(5);
    let rate = match bits.read(4) {
        15 => bits.read(24),
        index => *RATES.get(index as usize)?,
    };
    let channels = bits.read(4);
    let (short_frame, has_core, is_extended) = (bits.flag(), bits.flag(), bits.flag());
    bits.check().ok()?;
    let unusual = object != LOW_COMPLEXITY || short_frame || has_core || is_extended;
    (!unusual).then_some((rate, channels))
}

#[cfg(test)]
mod tests {
    use symphonia_core::errors::Error;

    use super::*;

    fn of(data: &[u8]) -> Result<Config> {
        let mut params = AudioCodecParameters::new();
        params.with_extra_data(data.into());
        Config::of(&params)
    }

    /// A configuration with a rate by index.
    fn config(object: u8, rate: u8, channels: u8, flags: u8) -> [u8; 2] {
        [object << 3 | rate >> 1, rate << 7 | channels << 3 | flags]
    }

    #[test]
    fn a_plain_configuration_gives_the_rate_and_the_channels() {
        for (index, rate_hz, reduction) in [
            (3, 48_000, Reduction::Quarter),
            (4, 44_100, Reduction::Quarter),
            (5, 32_000, Reduction::Half),
            (6, 24_000, Reduction::Half),
            (7, 22_050, Reduction::Half),
        ] {
            for channels in [1, 2] {
                let expected = Config { rate_hz, reduction, stereo: channels == 2 };
                assert_eq!(of(&config(2, index, channels, 0)).expect("plain"), expected);
            }
        }
    }

    #[test]
    fn anything_else_needs_the_full_decoder() {
        let others = [
            config(1, 4, 2, 0),  // Main.
            config(5, 4, 2, 0),  // SBR.
            config(29, 4, 2, 0), // SBR and PS.
            config(2, 0, 2, 0),  // 96 kHz.
            config(2, 8, 2, 0),  // 16 kHz.
            config(2, 13, 2, 0), // A reserved rate.
            config(2, 4, 0, 0),  // Channels as a program configuration.
            config(2, 4, 6, 0),  // 5.1.
            config(2, 4, 2, 4),  // 960 samples.
            config(2, 4, 2, 2),  // A core coder.
            config(2, 4, 2, 1),  // An extension.
        ];
        for data in others.iter().map(|data| &data[..]).chain([&[][..], &[0x12]]) {
            assert!(matches!(of(data), Err(Error::Unsupported(NEEDS_FULL))), "{data:?}");
        }
    }

    #[test]
    fn sbr_that_is_told_behind_the_core_is_not_looked_for() {
        let mut data = config(2, 7, 2, 0).to_vec();
        data.extend([0x56, 0xe5, 0xa5, 0x48, 0x80]);
        assert_eq!(of(&data).expect("plain").rate_hz, 22_050);
    }
}

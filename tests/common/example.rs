// What the examples in the docs run on: a folder with two songs as masters, and a dump with a clip of one of them.
// The docs take it in by `include!`, hidden from readers.

/// A temporary folder with music that is made up.
#[allow(dead_code, reason = "no example uses all of it")]
struct Example(tempfile::TempDir);

#[allow(dead_code, reason = "no example uses all of it")]
impl Example {
    const RATE_HZ: u32 = 22_050;

    fn new() -> std::io::Result<Self> {
        Ok(Self(tempfile::tempdir()?))
    }

    fn path(&self) -> &std::path::Path {
        self.0.path()
    }

    /// A folder with two songs of 40 s.
    fn masters(&self) -> std::io::Result<std::path::PathBuf> {
        let folder = self.path().join("masters");
        std::fs::create_dir_all(&folder)?;
        for seed in [1, 2] {
            std::fs::write(folder.join(format!("song {seed}.wav")), Self::wav(&Self::song(seed)))?;
        }
        Ok(folder)
    }

    /// A folder with `clip.wav`: 12 s of the first song.
    fn dump(&self) -> std::io::Result<std::path::PathBuf> {
        let folder = self.path().join("dump");
        std::fs::create_dir_all(&folder)?;
        let second = Self::RATE_HZ as usize;
        let clip = &Self::song(1)[15 * second..27 * second];
        std::fs::write(folder.join("clip.wav"), Self::wav(clip))?;
        Ok(folder)
    }

    /// Notes of a scale, two at a time, each with five partials, shape `(n_samples,)`, within [-1, 1].
    fn song(seed: u64) -> Vec<f32> {
        let mut state = seed;
        let mut roll = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let mut sound = vec![0.0_f32; (40 * Self::RATE_HZ) as usize];
        // Songs have tempos and keys of their own: else they would share material.
        let (notes_a_second, root_hz) = (3 + seed as usize, 110.0 * (0.21 * seed as f64).exp2());
        for note in 0..39 * notes_a_second {
            let start = note * Self::RATE_HZ as usize / notes_a_second;
            for _ in 0..2 {
                let semitones = [0, 2, 3, 5, 7, 8, 10][roll(7) as usize] + 12 * roll(3) as i32;
                let hz = root_hz * (f64::from(semitones) / 12.0).exp2();
                let length = Self::RATE_HZ as usize * (3 + roll(6) as usize) / 8;
                for (at, sample) in sound[start..].iter_mut().take(length).enumerate() {
                    let seconds = at as f64 / f64::from(Self::RATE_HZ);
                    let wave: f64 = (1..6)
                        .map(|n| (std::f64::consts::TAU * hz * f64::from(n) * seconds).sin() / f64::from(n))
                        .sum();
                    *sample += (0.12 * wave * (-3.0 * seconds).exp()) as f32;
                }
            }
        }
        sound
    }

    /// A mono WAV file of 16 bits.
    fn wav(samples: &[f32]) -> Vec<u8> {
        let data: Vec<u8> =
            samples.iter().flat_map(|s| ((s * 32_767.0) as i16).to_le_bytes()).collect();
        let mut file = b"RIFF".to_vec();
        file.extend((36 + data.len() as u32).to_le_bytes());
        file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
        file.extend(Self::RATE_HZ.to_le_bytes());
        file.extend((2 * Self::RATE_HZ).to_le_bytes());
        file.extend(b"\x02\0\x10\0data");
        file.extend((data.len() as u32).to_le_bytes());
        file.extend(data);
        file
    }
}

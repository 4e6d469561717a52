//! Lists of numbers in JSON, within one limit on what all of them take.

/// What lists may take together.
pub(super) struct Room {
    /// The most numbers that are held.
    pub(super) most: usize,
    /// What the lists take that are held now, in numbers.
    held: usize,
}

impl Room {
    pub(super) fn new(most: usize) -> Self {
        Self { most, held: 0 }
    }

    /// Takes room for so many numbers. False if there is none.
    fn take(&mut self, numbers: usize) -> bool {
        let has_room = self.held + numbers <= self.most;
        self.held += if has_room { numbers } else { 0 };
        has_room
    }
}

/// A list of numbers.
#[derive(Default)]
pub(super) struct Numbers {
    held: Vec<f32>,
    /// How many there are.
    pub(super) count: usize,
    /// Where inner lists begin among them.
    starts: Vec<usize>,
    /// There is no room for them: none is held.
    pub(super) is_cut: bool,
}

/// What the beginning of an inner list takes, in numbers.
const START: usize = size_of::<usize>() / size_of::<f32>();

impl Numbers {
    /// Adds a number.
    pub(super) fn push(&mut self, number: f64, room: &mut Room) {
        self.count += 1;
        if !self.is_cut && room.take(1) {
            self.held.push(number as f32);
        } else {
            self.cut(room);
        }
    }

    /// Adds the numbers of an inner list.
    pub(super) fn extend(&mut self, mut inner: Self, room: &mut Room) {
        self.count += inner.count;
        room.held -= START * std::mem::take(&mut inner.starts).len();
        if !self.is_cut && !inner.is_cut && room.take(START) {
            self.starts.push(self.held.len());
            self.held.append(&mut inner.held);
        } else {
            inner.cut(room);
            self.cut(room);
        }
    }

    /// Lets go of what is held.
    pub(super) fn cut(&mut self, room: &mut Room) {
        room.held -= self.held.len() + START * self.starts.len();
        *self = Self { count: self.count, is_cut: true, ..Self::default() };
    }

    /// The numbers, and where inner lists begin among them. They are not counted any more.
    pub(super) fn taken(self, room: &mut Room) -> (Vec<f32>, Vec<usize>) {
        room.held -= self.held.len() + START * self.starts.len();
        (self.held, self.starts)
    }
}

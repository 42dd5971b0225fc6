package inn;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

public final class Inn {
  private final List<Room> rooms = new ArrayList<>();

  public record Room(int number, int beds, boolean free) {}

  public void add(Room room) {
    rooms.add(room);
  }

  public Optional<Room> find(int beds) {
    return rooms.stream().filter(Room::free).filter(room -> room.beds() >= beds).findFirst();
  }

  public static void main(String[] args) {
    Inn inn = new Inn();
    inn.add(new Room(1, 2, true));
    inn.find(2).ifPresent(room -> System.out.println("Room " + room.number()));
  }
}
